import { byId } from "../dashboard/dom.js";
import { VirtualList } from "../dashboard/virtual-list.js";
import { nameOf } from "./places.js";
import { deedOf, TypeAhead } from "./tree-keys.js";
import { addressOf, TreeRow } from "./tree-row.js";

/** @import { Line } from "./flatten.js" */
/** @import { Expansion } from "./expansion.js" */

/** The tree on the page: a treegrid of any length. */
export class TreeGrid {
  /** @param {{ expansion: Expansion, changed: () => void, since: (id: string, version: number) => "new" | "changed" | null }} options
   *   `changed` is called when something was opened or closed. */
  constructor({ expansion, changed, since }) {
    this.expansion = expansion;
    this.changed = changed;
    this.typeAhead = new TypeAhead();
    /** @type {Line[]} */
    this.lines = [];
    this.scroller = byId("tree");
    const means = { since, now: Date.now, toggle: (/** @type {Line} */ line) => this.toggle(line) };
    // Before the list, which would take Enter on a cluster and letters for its own.
    this.scroller.addEventListener("keydown", (event) => this.key(event), { capture: true });
    this.scroller.addEventListener("click", (event) => this.click(event));
    this.list = new VirtualList(this.scroller, {
      make: () => new TreeRow(means),
      keyOf: ({ id }) => id,
      role: "treegrid",
      headerRows: 1,
      open: (line) => this.open(line),
    });
  }

  /** @param {Line[]} lines */
  show(lines) {
    this.lines = lines;
    this.list.show(lines);
  }

  /** Relative times go on. */
  tick() {
    this.list.refresh();
  }

  /** Begin at the top, as after another search. */
  toTop() {
    this.scroller.scrollTop = 0;
  }

  /** @param {Line} line */
  open(line) {
    const address = addressOf(line);
    if (address) location.assign(address);
    else this.toggle(line);
  }

  /** @param {Line} line */
  toggle({ id, open }) {
    if (open === null) return;
    this.expansion.set([id], !open);
    this.changed();
  }

  /** The row that the event is in. @param {Event} event @returns {Line | null} */
  lineOf({ target }) {
    const row = /** @type {HTMLElement} */ (target).closest(".tree-row");
    const id = /** @type {HTMLElement | null} */ (row)?.dataset.id;
    return this.lines.find((line) => line.id === id) ?? null;
  }

  /** A click beside the name opens and closes what has something in it. @param {MouseEvent} event */
  click(event) {
    const line = this.lineOf(event);
    const taken = /** @type {Element} */ (event.target).closest("a, button");
    if (line && !taken && !getSelection()?.toString()) this.toggle(line);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const line = this.lineOf(event);
    if (!line || event.altKey || event.ctrlKey || event.metaKey) return;
    const index = this.lines.indexOf(line);
    const deed = deedOf(event.key, this.lines, index) ?? this.typed(event.key, index);
    if (!deed) return;
    event.preventDefault();
    event.stopPropagation();
    if (deed.kind === "go") return this.list.reveal(deed.index, { focus: true });
    this.expansion.set(deed.ids, deed.kind === "open");
    this.changed();
  }

  /** @param {string} key @param {number} index @returns {import("./tree-keys.js").Deed | null} */
  typed(key, index) {
    if (key.length !== 1 || !/[\p{L}\p{N}_.-]/u.test(key)) return null;
    const names = this.lines.map(({ data }) => (data ? nameOf(data) : ""));
    const found = this.typeAhead.find(key, names, index, Date.now());
    return found < 0 ? null : { kind: "go", index: found };
  }
}
