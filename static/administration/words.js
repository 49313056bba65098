/*
 * Lets unfold's pages do without eval. Alpine's build for a strict Content-Security-Policy reads most of what stands in
 * their attributes, but knows no global names, no functions in an expression and one statement of several: here is what
 * those few attributes mean. docs/design/admin.md tells why.
 */
(() => {
  const page = /** @type {any} */ (globalThis);
  const root = document.documentElement;

  /** The dashboard and the admin have one theme. */
  const shared = "aether-theme";
  const own = "adminTheme";
  try {
    localStorage.setItem(own, JSON.stringify(localStorage.getItem(shared) ?? "auto"));
  } catch {
    // Storage may be forbidden; then the system's preference holds.
  }
  new MutationObserver(() => {
    root.dataset.theme = root.classList.contains("dark") ? "dark" : "light";
    try {
      const chosen = JSON.parse(localStorage.getItem(own) ?? '"auto"');
      if (chosen === "auto") localStorage.removeItem(shared);
      else localStorage.setItem(shared, chosen);
    } catch {
      // As above.
    }
  }).observe(root, { attributes: true, attributeFilter: ["class"] });

  /** Times are shown and read in this person's zone, which the server knows by a cookie. */
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const told = /(?:^|; )time_zone=([^;]*)/.exec(document.cookie)?.[1] ?? "UTC";
  if (zone && zone !== told) {
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not everywhere.
    document.cookie = `time_zone=${zone}; path=/admin/; max-age=31536000; samesite=lax`;
    if (document.cookie.includes(`time_zone=${zone}`)) location.reload();
  }

  /** What expressions call by a global name, for everything on the page. */
  const words = {
    /** @param {any} event */
    sortRecords: (event) => page.sortRecords(event),
    getCurrentTab: () => page.getCurrentTab(),
    localStorage: {
      /** @param {string} key */
      getItem: (key) => localStorage.getItem(key),
      /** @param {string} key @param {string} value */
      setItem: (key, value) => localStorage.setItem(key, value),
    },
    window: { location: { pathname: location.pathname, search: location.search } },
    /** @this {any} */
    toggleSidebar() {
      this.sidebarDesktopOpen = !this.sidebarDesktopOpen;
      localStorage.setItem("sidebarDesktopOpen", this.sidebarDesktopOpen ? "1" : "0");
    },
    /** @this {any} */
    leaveSearch() {
      this.openSearchResults = false;
      if (this.$refs.searchInput.value === "") this.$refs.searchInput.blur();
      else this.$refs.searchInput.value = "";
    },
  };

  /** @type {[RegExp, string][]} What stands in an attribute, and what says the same. */
  const sayings = [
    [/^\s*(activeTab = [^;]*);\s*\$watch\([\s\S]*$/, "$1"],
    [/^sidebarDesktopOpen = !sidebarDesktopOpen; localStorage[\s\S]*$/, "toggleSidebar()"],
    [/^openSearchResults = false; if [\s\S]*$/, "leaveSearch()"],
    [/^if \((!\$event\.metaKey && !\$event\.ctrlKey)\) ([^;{]*)$/, "$1 && $2"],
    [/^'width: ' \+ changeListWidth \+ 'px'$/, "{width: changeListWidth + 'px'}"],
  ];

  /** @param {Element} element */
  function reword(element) {
    for (const { name, value } of [...element.attributes]) {
      if (!name.startsWith("x-")) continue;
      const saying = sayings.find(([pattern]) => pattern.test(value));
      if (saying) element.setAttribute(name, value.replace(...saying));
    }
  }

  /** What icons that stand alone say to those who do not see them. @type {Record<string, string>} */
  const icons = { dock_to_right: "Navigation", arrow_back: "Back", add: "Add", close: "Close", unfold_more: "Account" };

  /** Let the keyboard reach what unfold lets only the pointer press. @param {HTMLElement} element */
  function reach(element) {
    if (element.matches("a[href], button, input, select, summary, [role=button], h3, #changelist-filter-close")) return;
    element.setAttribute("role", "button");
    element.tabIndex = 0;
    element.addEventListener("keydown", (event) => {
      if (event.target !== element || (event.key !== "Enter" && event.key !== " ")) return;
      event.preventDefault();
      element.click();
    });
  }

  /** Icons are words in a font: say what they mean, or nothing. @param {Element} icon */
  function name(icon) {
    const holder = icon.closest("a, button, [role=button]");
    const alone = holder?.textContent?.trim() === icon.textContent?.trim();
    const words = icons[icon.textContent?.trim() ?? ""];
    if (holder && alone && words && !holder.hasAttribute("aria-label")) holder.setAttribute("aria-label", words);
    if (icon !== holder) icon.setAttribute("aria-hidden", "true");
  }

  document.addEventListener("alpine:init", () => {
    const { Alpine } = page;
    for (const element of document.querySelectorAll("[x-on\\:click]")) reach(/** @type {HTMLElement} */ (element));
    for (const icon of document.querySelectorAll(".material-symbols-outlined")) name(icon);
    for (const name of ["searchForm", "searchDropdown", "searchCommand"]) Alpine.data(name, () => page[name]());
    Alpine.data("theme", (/** @type {string | undefined} */ chosen) => ({ ...page.theme(chosen), ...words }));
    for (const element of document.querySelectorAll("*")) reword(element);
    for (const template of document.querySelectorAll("template")) {
      for (const element of template.content.querySelectorAll("*")) reword(element);
    }
  });

  // htmx would write a style of its own into the page, and evaluate what stands in an answer.
  if (page.htmx) Object.assign(page.htmx.config, { includeIndicatorStyles: false, allowEval: false });
})();
