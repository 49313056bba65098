import { Row } from "./row.js";

/** @import { Entry } from "./grouping.js" */
/** @import { RowActions } from "./row.js" */
/**
 * @typedef {object} AnyRow
 * @property {HTMLElement} element
 * @property {(item: any) => void} update
 * @property {() => void} conceal
 * @property {(now: number) => void} tick
 */

/** The rows of a list, kept in step with the items; rows that stay are moved and changed, not made again. */
export class Rows {
  /** @param {HTMLElement} container @param {"li" | "article"} tag @param {RowActions} actions */
  constructor(container, tag, actions) {
    this.container = container;
    this.tag = tag;
    this.actions = actions;
    /** @type {Map<string, AnyRow>} */
    this.rows = new Map();
    this.settled = false;
  }

  /** @param {Entry[]} items @param {boolean} settled Whether what comes after these is news. */
  show(items, settled) {
    const wanted = new Set(items.map((item) => item.id));
    const focused = this.focusedId();
    for (const [id, row] of this.rows) if (!wanted.has(id)) this.drop(id, row);
    let place = this.container.firstElementChild;
    for (const item of items) {
      const row = this.rows.get(item.id) ?? this.add(item);
      row.update(item);
      if (row.element === place) place = place.nextElementSibling;
      else this.container.insertBefore(row.element, place);
    }
    this.settled = settled;
    if (focused && !wanted.has(focused.id)) this.focusNear(focused.index);
  }

  /** Hide what sensitive ones say. */
  conceal() {
    for (const row of this.rows.values()) row.conceal();
  }

  /** @param {number} now */
  tick(now) {
    for (const row of this.rows.values()) row.tick(now);
  }

  /** @param {any} item @returns {AnyRow} */
  make(item) {
    return new Row(this.tag, item, this.actions);
  }

  /** @param {Entry} item */
  add(item) {
    const row = this.make(item);
    if (this.settled) row.element.classList.add("arriving");
    this.rows.set(item.id, row);
    return row;
  }

  /** @param {string} id @param {AnyRow} row */
  drop(id, row) {
    row.conceal();
    row.element.remove();
    this.rows.delete(id);
  }

  /** @returns {{ id: string, index: number } | null} The row that has the focus. */
  focusedId() {
    const index = [...this.container.children].findIndex((child) => child.contains(document.activeElement));
    for (const [id, row] of this.rows) if (row.element === this.container.children[index]) return { id, index };
    return null;
  }

  /** A deleted row must not throw the focus back to the start of the page. @param {number} index */
  focusNear(index) {
    const { children } = this.container;
    const next = children[Math.min(index, children.length - 1)];
    const target = next?.querySelector("[data-testid=delete]") ?? this.container.closest("[tabindex='-1']");
    /** @type {HTMLElement | null | undefined} */ (target)?.focus();
  }
}
