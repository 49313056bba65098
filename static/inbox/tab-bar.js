import { h, icon } from "../dashboard/dom.js";
import { written } from "../dashboard/query.js";
import { EVERYTHING, NAMES, TABS, tabOf } from "./tabs.js";

/** @import { Query } from "../dashboard/query.js" */
/** @import { Tab, Wanted } from "./tabs.js" */

/** Inbox, Unread, Saved, Snoozed, Archived: links, so that each can be opened in a tab of the browser, kept and sent. */
export class TabBar {
  /** @param {HTMLElement} element @param {Query<any>} query */
  constructor(element, query) {
    this.element = element;
    this.query = query;
    /** The tab that was brought into sight, and how wide it was. */
    this.revealed = "";
    /** @type {Map<Tab, { link: HTMLAnchorElement, count: HTMLElement, words: HTMLElement }>} */
    this.tabs = new Map();
    element.append(h("ul", {}, ...NAMES.map((name) => h("li", {}, this.tab(name)))));
  }

  /** @param {Tab} name */
  tab(name) {
    const { word, icon: look } = TABS[name];
    const count = h("span", { class: "tab-count", "data-testid": `tab-count-${name}`, "aria-hidden": "true" });
    const words = h("span", { class: "sr-only" });
    const choose = (/** @type {MouseEvent} */ event) => this.choose(event, name);
    const link = h("a", { "data-testid": `tab-${name}`, click: choose }, icon(look), h("span", {}, word), count, words);
    this.tabs.set(name, { link, count, words });
    return link;
  }

  /** @param {MouseEvent} event @param {Tab} tab */
  choose(event, tab) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    if (tab !== tabOf(this.query.values)) this.query.set({ tab }, { step: true });
  }

  /** @param {Wanted} wanted @param {Record<Tab, number> | null} counts */
  show(wanted, counts) {
    const chosen = tabOf(wanted);
    for (const [name, { link, count, words }] of this.tabs) {
      const href = `${location.pathname}${written(location.search, { ...this.query.values, tab: name }, EVERYTHING)}`;
      if (link.getAttribute("href") !== href) link.href = href;
      if (name === chosen) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
      const number = counts?.[name] ?? 0;
      const text = number > 0 ? number.toLocaleString() : "";
      if (count.textContent === text) continue;
      count.textContent = text;
      words.textContent = text && `, ${text}`;
    }
    this.reveal(chosen);
  }

  /** Bring the chosen tab into sight where not all fit: once, since from then on the person scrolls. @param {Tab} chosen */
  reveal(chosen) {
    const link = /** @type {HTMLElement} */ (this.tabs.get(chosen)?.link);
    const revealed = `${chosen} ${link.offsetLeft} ${link.offsetWidth}`;
    if (this.revealed === revealed) return;
    this.revealed = revealed;
    const [tab, frame] = [link.getBoundingClientRect(), this.element.getBoundingClientRect()];
    const over = Math.max(0, tab.right - frame.right) + Math.min(0, tab.left - frame.left);
    this.element.scrollLeft += over;
  }
}
