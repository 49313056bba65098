import { button, h, icon } from "../dashboard/dom.js";
import { SearchBox } from "../dashboard/search-box.js";
import { stateOf, statesOf } from "../dashboard/state-chip.js";
import { browserClock } from "../realtime/clock.js";

/** @import { Query } from "../dashboard/query.js" */
/** @import { Wanted } from "./filters.js" */

/** Search and filters, in step with the address. */
export class Toolbar {
  /** @param {HTMLElement} element @param {Query<Wanted>} query @param {(open: boolean) => void} openAll */
  constructor(element, query, openAll) {
    this.query = query;
    this.search = new SearchBox({
      label: "Search name, address, system",
      value: query.values.q,
      clock: browserClock,
      search: (q) => query.set({ q }),
    });
    this.cluster = choice("filter-cluster", "Cluster", (cluster) => query.set({ cluster }, { step: true }));
    this.hosts = choice("filter-hosts", "Hosts", (hosts) => query.set({ hosts }, { step: true }));
    this.changed = button(
      "filter-changed",
      "chip",
      () => this.toggleChanged(),
      icon("clock"),
      "Changed since you were here",
    );
    this.changed.dataset.level = "all";
    this.states = new Map(statesOf("vm").map((state) => [state, this.chip(state)]));
    fill(this.hosts, [
      ["", "All hosts"],
      ["connected", "Connected hosts"],
      ["disconnected", "Disconnected hosts"],
    ]);
    const open = button("expand-all", "button quiet", () => openAll(true), "Open all");
    const close = button("collapse-all", "button quiet", () => openAll(false), "Close all");
    const chips = h(
      "div",
      { class: "chips", role: "group", "aria-label": "State of VMs" },
      ...this.states.values(),
      this.changed,
    );
    element.append(
      h(
        "div",
        { class: "tools-row" },
        this.search.element,
        this.cluster,
        this.hosts,
        h("span", { class: "spacer" }),
        open,
        close,
      ),
      chips,
    );
  }

  /**
   * @param {Wanted} wanted
   * @param {object} known
   * @param {string[]} known.clusters
   * @param {(state: string) => number} known.count VMs in a state.
   */
  show(wanted, { clusters, count }) {
    this.search.show(wanted.q);
    const named = wanted.cluster && !clusters.includes(wanted.cluster) ? [wanted.cluster, ...clusters] : clusters;
    fill(this.cluster, [["", "All clusters"], ...named.map((name) => /** @type {[string, string]} */ ([name, name]))]);
    for (const [field, value] of /** @type {const} */ ([
      [this.cluster, wanted.cluster],
      [this.hosts, wanted.hosts],
    ])) {
      if (field.value !== value) field.value = value;
      field.toggleAttribute("data-active", value !== "");
    }
    press(this.changed, wanted.changed !== "");
    for (const [state, chip] of this.states) {
      const number = count(state);
      press(chip, wanted.state.includes(state));
      chip.hidden = number === 0 && !wanted.state.includes(state);
      const figure = /** @type {HTMLElement} */ (chip.lastElementChild);
      if (figure.textContent !== `${number}`) figure.textContent = `${number}`;
    }
  }

  /** @param {string} state */
  chip(state) {
    const { tone, icon: name, word } = stateOf("vm", state);
    const chip = button(
      `filter-${state}`,
      "chip",
      () => this.toggle(state),
      icon(name),
      word,
      h("span", { class: "figure" }),
    );
    chip.dataset.tone = tone;
    return chip;
  }

  /** @param {string} state */
  toggle(state) {
    const { state: before } = this.query.values;
    const without = before.filter((one) => one !== state);
    this.query.set({ state: without.length < before.length ? without : [...before, state] }, { step: true });
  }

  toggleChanged() {
    this.query.set({ changed: this.query.values.changed ? "" : "1" }, { step: true });
  }
}

/** @param {string} testid @param {string} label @param {(value: string) => void} chosen */
function choice(testid, label, chosen) {
  const field = h("select", { class: "choice", "aria-label": label, "data-testid": testid });
  field.addEventListener("change", () => chosen(field.value));
  return field;
}

/** Not where it has them already: a list that somebody has opened must not change under them. @param {HTMLSelectElement} field
 * @param {[string, string][]} options Values and words. */
function fill(field, options) {
  const key = options.map(([value]) => value).join("\n");
  if (field.dataset.options === key) return;
  field.dataset.options = key;
  const { value } = field;
  field.replaceChildren(...options.map(([option, words]) => h("option", { value: option }, words)));
  field.value = value;
}

/** @param {HTMLElement} target @param {boolean} pressed */
function press(target, pressed) {
  target.setAttribute("aria-pressed", `${pressed}`);
}
