import { Disclosure } from "../dashboard/disclosure.js";
import { button, h, icon } from "../dashboard/dom.js";
import { LEVELS } from "../dashboard/row.js";
import { SearchBox } from "../dashboard/search-box.js";
import { browserClock } from "../realtime/clock.js";
import { groupName } from "./group-name.js";
import { MoreFilters, toggle } from "./more-filters.js";
import { SPANS } from "./spans.js";

/** @import { Query } from "../dashboard/query.js" */
/** @import { Wanted } from "./tabs.js" */
/** @typedef {{ words: string, clear: () => void }} Chosen */

const moment = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

/** Search, levels, and what else is filtered: each can be taken out by itself, or all together. */
export class Filters {
  /** @param {HTMLElement} element @param {Query<any>} query @param {Record<string, string>} categories Their labels. */
  constructor(element, query, categories) {
    this.query = query;
    this.categories = categories;
    this.search = new SearchBox({
      label: "Search notifications",
      value: query.values.q,
      clock: browserClock,
      search: (q) => query.set({ q }),
    });
    this.levels = new Map(Object.entries(LEVELS).map(([level, word]) => [level, this.chip(level, word)]));
    const chips = h("div", { class: "chips", role: "group", "aria-label": "Level" }, ...this.levels.values());
    const open = button("filters-open", "button", () => {}, icon("filter"), "Filters");
    this.more = new MoreFilters(query, categories);
    open.setAttribute("aria-expanded", "false");
    open.setAttribute("aria-controls", this.more.element.id);
    const named = { role: "group", "aria-label": "Filters in use", "data-testid": "filters-chosen" };
    this.chosen = h("div", { class: "inbox-chosen", hidden: true, ...named });
    element.append(this.search.element, chips, open, this.more.element, this.chosen);
    new Disclosure(open, this.more.element);
  }

  /** @param {string} level @param {string} word */
  chip(level, word) {
    const element = button(`level-${level}`, "chip", () => toggle(this.query, "level", level), icon(level), word);
    element.dataset.level = level;
    return element;
  }

  /** @param {Wanted} wanted */
  show(wanted) {
    this.search.show(wanted.q);
    for (const [level, chip] of this.levels) chip.setAttribute("aria-pressed", `${wanted.level.includes(level)}`);
    this.more.show(wanted);
    this.showChosen(this.inUse(wanted));
  }

  /** @param {Wanted} wanted @returns {Chosen[]} What of the filters behind the button is in use. */
  inUse({ category, related_entity: entities, group_key: groups, span, created_after: after, created_before: before }) {
    const { query } = this;
    const set = (/** @type {Partial<Wanted>} */ values) => () => query.set(values, { step: true });
    const label = (/** @type {string} */ name) => this.categories[name] ?? name;
    return [
      ...category.map((name) => ({ words: label(name), clear: () => toggle(query, "category", name) })),
      ...entities.map((name) => ({ words: `About ${name}`, clear: () => toggle(query, "related_entity", name) })),
      ...groups.map((name) => ({ words: `Group: ${groupName(name)}`, clear: () => toggle(query, "group_key", name) })),
      ...(Object.hasOwn(SPANS, span) ? [{ words: SPANS[span]?.[0] ?? "", clear: set({ span: "" }) }] : []),
      ...(!span && after ? [{ words: `From ${said(after)}`, clear: set({ created_after: "" }) }] : []),
      ...(!span && before ? [{ words: `Until ${said(before)}`, clear: set({ created_before: "" }) }] : []),
    ];
  }

  /** @param {Chosen[]} chosen */
  showChosen(chosen) {
    const key = chosen.map(({ words }) => words).join("\n");
    if ((this.chosen.dataset.shows ?? "") === key) return;
    this.chosen.dataset.shows = key;
    this.chosen.hidden = chosen.length === 0;
    const chips = chosen.map(({ words, clear }) => {
      const element = button("filter-clear", "chip", clear, words, icon("close"));
      element.setAttribute("aria-label", `${words}: remove this filter`);
      return element;
    });
    const all = button("filters-clear", "button quiet", () => this.clear(), "Clear filters");
    this.chosen.replaceChildren(...chips, all);
  }

  /** Show everything of the tab. */
  clear() {
    const { defaults, values } = this.query;
    this.query.set({ ...defaults, tab: values.tab }, { step: true });
  }
}

/** @param {string} time */
function said(time) {
  return Number.isNaN(Date.parse(time)) ? time : moment.format(new Date(time));
}
