import { button, h, icon } from "../dashboard/dom.js";
import { SearchBox } from "../dashboard/search-box.js";
import { stateOf, statesOf } from "../dashboard/state-chip.js";
import { browserClock } from "../realtime/clock.js";

/** @import { Query } from "../dashboard/query.js" */
/** @import { Filter } from "./order.js" */

/** What stands above the list: a choice of states, with how many are under way, and a search. */
export class Filters {
  /** @param {HTMLElement} container @param {Query<Filter>} query */
  constructor(container, query) {
    this.query = query;
    this.search = new SearchBox({
      label: "Search jobs",
      value: query.values.q,
      clock: browserClock,
      search: (q) => query.set({ q }),
    });
    /** @type {Map<string, { element: HTMLElement, count: HTMLElement }>} */
    this.chips = new Map();
    const chips = h("div", { class: "chips", role: "group", "aria-label": "Show" });
    for (const state of ["", ...statesOf("job")]) chips.append(this.chip(state));
    container.append(this.search.element, chips);
  }

  /** @param {string} state Empty for all. */
  chip(state) {
    const { tone, icon: name, word } = state ? stateOf("job", state) : { tone: "plain", icon: "jobs", word: "All" };
    const count = h("span", { class: "chip-count" });
    const element = button(`filter-${state || "all"}`, "chip", () => this.choose(state), icon(name), word, count);
    element.dataset.tone = tone;
    this.chips.set(state, { element, count });
    return element;
  }

  /** @param {string} state */
  choose(state) {
    const { status } = this.query.values;
    const others = status.filter((one) => one !== state);
    const next = others.length < status.length ? others : [...status, state];
    this.query.set({ status: state ? next : [] }, { step: true });
  }

  /** @param {Filter} filter @param {(state: string) => number} count */
  show({ status, q }, count) {
    this.search.show(q);
    for (const [state, chip] of this.chips) {
      const pressed = state ? status.includes(state) : status.length === 0;
      chip.element.setAttribute("aria-pressed", `${pressed}`);
      const text = state === "running" || state === "pending" ? `${count(state) || ""}` : "";
      if (chip.count.textContent !== text) chip.count.textContent = text;
    }
  }
}
