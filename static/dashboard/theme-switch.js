import { byId, h, icon } from "./dom.js";

const KEY = "aether-theme";
const THEMES = ["auto", "light", "dark"];

/** Let the button go round auto, light and dark; theme.js applies what is remembered on the next page. */
export function startThemeSwitch() {
  const button = byId("theme");
  const { dataset } = document.documentElement;
  const show = () => {
    const theme = dataset.theme ?? "auto";
    button.replaceChildren(icon(theme), h("span", { class: "sr-only" }, `Theme: ${theme}`));
    button.title = `Theme: ${theme}`;
  };
  button.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(dataset.theme ?? "auto") + 1) % THEMES.length] ?? "auto";
    if (next === "auto") delete dataset.theme;
    else dataset.theme = next;
    remember(next);
    show();
  });
  show();
}

/** @param {string} theme */
function remember(theme) {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Storage may be forbidden; the theme then lasts as long as the page.
  }
}
