import { byId, h, icon } from "./dom.js";
import { GroupRows } from "./group-rows.js";
import { entries } from "./grouping.js";
import { LEVELS } from "./row.js";
import { inWords, showState } from "./state-box.js";

/** @import { Item } from "./store.js" */
/** @import { RowActions } from "./row.js" */
/** @import { View } from "./wishes.js" */
/** @typedef {"all" | "unread" | keyof typeof LEVELS} Filter */

const AT_MOST = 30;
const FILTERS = /** @type {Record<Filter, string>} */ ({ all: "All", unread: "Unread", ...LEVELS });

/** The latest activity, filtered by what the address says (`?show=error`), so that a view can be kept and sent. */
export class Feed {
  /** @param {{ rows: RowActions, reload: () => void, compose: (() => void) | null }} actions */
  constructor({ rows, reload, compose }) {
    this.reload = reload;
    this.compose = compose;
    this.container = byId("activity");
    this.rows = new GroupRows(this.container, "article", rows);
    const asked = new URLSearchParams(location.search).get("show") ?? "all";
    this.filter = /** @type {Filter} */ (Object.hasOwn(FILTERS, asked) ? asked : "all");
    /** @type {View | null} */
    this.view = null;
    this.container.addEventListener("keydown", (event) => this.move(event));
    byId("filters").append(...Object.keys(FILTERS).map((name) => this.chip(/** @type {Filter} */ (name))));
  }

  /** @param {Filter} name */
  chip(name) {
    const mark = Object.hasOwn(LEVELS, name) && icon(name);
    const pressed = `${name === this.filter}`;
    return h(
      "button",
      {
        type: "button",
        class: "chip",
        "data-filter": name,
        "data-level": name,
        "aria-pressed": pressed,
        "data-testid": `filter-${name}`,
        click: () => this.choose(name),
      },
      mark,
      FILTERS[name],
    );
  }

  /** Page Down and Page Up go from article to article, as in any feed. @param {KeyboardEvent} event */
  move(event) {
    const article = /** @type {Element} */ (event.target).closest("article");
    const next = { PageDown: article?.nextElementSibling, PageUp: article?.previousElementSibling }[event.key];
    if (!next) return;
    event.preventDefault();
    /** @type {HTMLElement} */ (next).focus();
  }

  /** @param {Filter} filter */
  choose(filter) {
    this.filter = filter;
    for (const chip of byId("filters").children)
      chip.setAttribute("aria-pressed", `${/** @type {HTMLElement} */ (chip).dataset.filter === filter}`);
    const address = new URL(location.href);
    if (filter === "all") address.searchParams.delete("show");
    else address.searchParams.set("show", filter);
    history.replaceState(null, "", address);
    this.rows.settled = false;
    if (this.view) this.show(this.view);
  }

  /** @param {View} view */
  show(view) {
    this.view = view;
    const wanted = view.items.filter((item) => this.wants(item));
    const items = entries(wanted, this.filter === "all" ? view.beyond : undefined).slice(0, AT_MOST);
    this.rows.show(items, view.phase === "ready");
    [...this.container.children].forEach((article, index) => {
      article.setAttribute("aria-posinset", `${index + 1}`);
      article.setAttribute("aria-setsize", `${items.length}`);
      article.setAttribute("tabindex", "0");
    });
    // A feed without articles would be none.
    this.container.setAttribute("role", items.length > 0 ? "feed" : "group");
    this.container.setAttribute("aria-busy", `${view.phase === "loading"}`);
    showState(byId("activity-state"), this.content(view, items));
  }

  /** @param {Item} item */
  wants(item) {
    return this.filter === "all" || (this.filter === "unread" ? !item.read : item.level === this.filter);
  }

  /** @param {View} view @param {unknown[]} items @returns {import("./state-box.js").Content} */
  content({ phase, items: all, unread }, items) {
    if (phase === "loading") return { kind: "loading" };
    const again = { words: "Try again", run: this.reload };
    if (phase === "error")
      return inWords("plug", "The server cannot be reached", "This page goes on trying by itself.", again);
    if (items.length > 0) return { kind: "none" };
    if (all.length === 0) return this.nothing();
    if (this.filter === "unread" && unread === 0)
      return inWords("check", "All caught up", "Everything that has happened is read.");
    const everything = { words: "Show all", run: () => this.choose("all") };
    const text = `No match for “${FILTERS[this.filter]}” among the latest notifications.`;
    return inWords("check", "Nothing of this kind", text, everything);
  }

  nothing() {
    const first = this.compose ? { words: "Send the first one", run: this.compose } : undefined;
    return inWords("inbox", "Nothing has happened yet", "What happens next appears here by itself.", first);
  }

  /** Hide what sensitive ones say. */
  conceal() {
    this.rows.conceal();
  }

  /** @param {number} now */
  tick(now) {
    this.rows.tick(now);
  }
}
