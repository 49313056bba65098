import { h } from "./dom.js";
import { startOf } from "./virtual-range.js";

/** @import { Viewport } from "./virtual-range.js" */

/**
 * @template T
 * @typedef {object} RowView A row that can show one item after another.
 * @property {HTMLElement} element
 * @property {(item: T, index: number) => void} fill Show this one. Cheap where it shows it already.
 */
/**
 * @template T
 * @typedef {object} Mounted
 * @property {RowView<T>} view
 * @property {string | number} key
 * @property {number} index
 */
/** @typedef {"list" | "feed" | "table" | "grid" | "treegrid" | "tree" | "none"} Role */

/** What the rail and its rows are to a screen reader; a tree's items say their own place. @type {Record<Role, [string, string]>} */
const ROLES = {
  list: ["list", "listitem"],
  feed: ["feed", "article"],
  table: ["rowgroup", "row"],
  grid: ["rowgroup", "row"],
  treegrid: ["rowgroup", "row"],
  tree: ["tree", "treeitem"],
  none: ["presentation", "presentation"],
};
/** Rows out of use that are kept for the next ones. */
const SPARE = 100;

/**
 * The rows that are on the page: made once, then filled anew, in the order of the items. One that stays is not moved,
 * so the focus stays in it.
 *
 * @template T
 */
export class VirtualRows {
  /** @param {{ role: Role, make: () => RowView<T>, headerRows: number, setSize?: (count: number) => number }} options */
  constructor({ role, make, headerRows, setSize = (count) => count }) {
    this.make = make;
    this.role = role;
    this.headerRows = headerRows;
    this.setSize = setSize;
    this.rail = h("div", { class: "virtual-rail", role: ROLES[role][0] });
    /** @type {Map<string | number, Mounted<T>>} */
    this.mounted = new Map();
    /** @type {RowView<T>[]} */
    this.spare = [];
  }

  /** @returns {Mounted<T>[]} From top to bottom. */
  inOrder() {
    return [...this.mounted.values()].sort((a, b) => a.index - b.index);
  }

  /** @param {EventTarget | null} target @returns {Mounted<T> | undefined} The row that it is in. */
  holding(target) {
    return [...this.mounted.values()].find(({ view }) => view.element.contains(/** @type {Node | null} */ (target)));
  }

  /**
   * Let exactly *wanted* be on the page.
   *
   * @param {{ key: string | number, item: T, index: number }[]} wanted From top to bottom.
   * @param {Viewport} viewport
   * @param {number} count
   */
  show(wanted, viewport, count) {
    const keys = new Set(wanted.map(({ key }) => key));
    for (const [key, row] of this.mounted) if (!keys.has(key)) this.unmount(key, row);
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    let place = this.rail.firstElementChild;
    for (const { key, item, index } of wanted) {
      const row = this.mounted.get(key) ?? this.mount(key, index);
      row.index = index;
      const { element } = row.view;
      this.place(element, index, viewport, count);
      row.view.fill(item, index);
      if (element === place) place = place.nextElementSibling;
      else this.rail.insertBefore(element, place);
    }
    // Rows that changed places were moved, and what is moved loses the focus.
    if (focused !== document.activeElement && this.rail.contains(focused)) focused?.focus({ preventScroll: true });
  }

  /** @param {string | number} key @param {number} index @returns {Mounted<T>} */
  mount(key, index) {
    const view = this.spare.pop() ?? this.create();
    const row = { view, key, index };
    this.mounted.set(key, row);
    return row;
  }

  create() {
    const view = this.make();
    view.element.classList.add("virtual-row");
    if (this.role !== "none") view.element.setAttribute("role", ROLES[this.role][1]);
    return view;
  }

  /** @param {string | number} key @param {Mounted<T>} row */
  unmount(key, row) {
    row.view.element.remove();
    this.mounted.delete(key);
    if (this.spare.length < SPARE) this.spare.push(row.view);
  }

  /** Say to the eye and to the ear where a row stands. @param {HTMLElement} element @param {number} index
   * @param {Viewport} viewport @param {number} count */
  place(element, index, viewport, count) {
    element.style.transform = `translateY(${startOf(viewport, index)}px)`;
    if (ROLES[this.role][1] === "row") attribute(element, "aria-rowindex", index + 1 + this.headerRows);
    else if (this.role === "list" || this.role === "feed") {
      attribute(element, "aria-posinset", index + 1);
      attribute(element, "aria-setsize", this.setSize(count));
    }
  }
}

/** @param {HTMLElement} element @param {string} name @param {number} value */
function attribute(element, name, value) {
  if (element.getAttribute(name) !== `${value}`) element.setAttribute(name, `${value}`);
}
