import { h, icon } from "./dom.js";

/**
 * @typedef {{ words: string, run: () => void }} Action
 * @typedef {{ kind: "words", icon: string, title: string, text: string, action?: Action }} Words
 * @typedef {{ kind: "loading" } | { kind: "none" } | Words} Content
 */

/** @param {string} icon @param {string} title @param {string} text @param {Action} [action] @returns {Words} */
export function inWords(icon, title, text, action) {
  return { kind: "words", icon, title, text, action };
}

/**
 * Show what a list has instead of rows: a skeleton, a sentence, or an error with a way out of it.
 *
 * @param {HTMLElement} box
 * @param {Content} content
 */
export function showState(box, content) {
  const key = content.kind === "words" ? `${content.title} ${content.text}` : content.kind;
  if (box.dataset.shows === key) return;
  box.dataset.shows = key;
  box.hidden = content.kind === "none";
  box.dataset.kind = content.kind;
  if (content.kind === "none") box.replaceChildren();
  else if (content.kind === "loading") box.replaceChildren(h("p", { class: "sr-only" }, "Loading"), ...skeleton());
  else box.replaceChildren(...words(content, box.id === "page-state" ? "h2" : "h3"));
}

function skeleton() {
  return [1, 2, 3].map(() =>
    h("div", { class: "skeleton", "aria-hidden": "true" }, h("span"), h("div", {}, h("i"), h("i"))),
  );
}

/** @param {Words} content @param {"h2" | "h3"} heading Below the page's title, or below that of a part of it. */
function words({ icon: name, title, text, action }, heading) {
  const button =
    action &&
    h("button", { type: "button", class: "button", "data-testid": "state-action", click: action.run }, action.words);
  return [icon(name), h(heading, {}, title), h("p", { class: "muted" }, text), ...(button ? [button] : [])];
}
