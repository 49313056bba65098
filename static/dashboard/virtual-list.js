import { h } from "./dom.js";
import { atEnd, indexNear, moved, rangeOf, revealing, startOf } from "./virtual-range.js";
import { VirtualRows } from "./virtual-rows.js";

/** @import { RowView, Role } from "./virtual-rows.js" */

/** Rows beyond either edge, so that the next ones are there when a scroll is painted. */
const EXTRA = 8;

/**
 * @template T
 * @typedef {object} Options
 * @property {() => RowView<T>} make
 * @property {(item: T, index: number) => string | number} keyOf Unique in the list, and the item's own for as long as it lives.
 * @property {Role} role For `table`, `grid` and `treegrid` the scroller, or what it is in, has that role.
 * @property {string} [label] What a `list`, `feed` or `tree` is called.
 * @property {(count: number) => number} [setSize] How many a `list` or `feed` has in all; -1 where nobody knows.
 * @property {number} [headerRows] Of a table: rows above these that are not in this list.
 * @property {(item: T, index: number) => void} [open] Enter on a row. With it rows take the focus, and arrows go from row to row.
 * @property {(following: boolean) => void} [followed] With it the list may follow its end; told when the person scrolls
 *   away from the end, or back to it.
 */

/**
 * A list of any length, of which only what can be seen is on the page.
 *
 * Rows are as high as the style `--row-height` of the scroller says, so that breakpoints and zoom may change it. What
 * the person is reading stays where it is when rows come or go above; at the very top new ones are shown. Nothing is
 * animated. The focused row stays on the page, however far away one scrolls.
 *
 * @template T
 */
export class VirtualList {
  /** @param {HTMLElement} scroller An empty element that scrolls. @param {Options<T>} options */
  constructor(scroller, options) {
    this.scroller = scroller;
    this.options = options;
    /** @type {readonly T[]} */
    this.items = [];
    this.rowHeight = 0;
    /** @type {{ key: string | number, more: number } | null} The one row that is open, and by how much it is higher. */
    this.wide = null;
    /** @type {import("./virtual-range.js").Wider | null} The same, where it is now. */
    this.wider = null;
    /** Whether what comes at the end is scrolled to. */
    this.following = false;
    /** @type {string | number | null} The row that has the focus, or would get it. */
    this.active = null;
    /** How many items the rail is long enough for. */
    this.count = 0;
    this.rows = new VirtualRows({ headerRows: 0, ...options });
    if (options.label) this.rows.rail.setAttribute("aria-label", options.label);
    this.probe = h("div", { class: "virtual-row virtual-probe", "aria-hidden": "true" });
    scroller.classList.add("virtual");
    if (!options.open && !scroller.hasAttribute("tabindex")) scroller.tabIndex = 0;
    scroller.append(this.probe, this.rows.rail);
    scroller.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.rows.rail.addEventListener("focusin", (event) => this.focused(event));
    this.rows.rail.addEventListener("keydown", (event) => this.key(event));
    this.measure();
    this.observer = new ResizeObserver(() => this.measure());
    for (const element of [scroller, this.probe]) this.observer.observe(element);
  }

  get viewport() {
    const { scrollTop: top, clientHeight: height } = this.scroller;
    return { top, height, rowHeight: this.rowHeight, wider: this.wider };
  }

  get isAtEnd() {
    return atEnd(this.viewport, this.count);
  }

  /**
   * Show *items*, which may be the same array as before with other contents.
   *
   * @param {readonly T[]} items
   */
  show(items) {
    if (this.following) this.noticeScroll();
    const anchors = this.scroller.scrollTop > 0 && !this.following ? this.visible() : [];
    const focused = this.rows.holding(document.activeElement);
    this.items = items;
    this.resize();
    this.hold(anchors);
    this.render();
    if (focused) this.keepFocus(focused);
  }

  /** Fill the rows on the page again: the time has passed, or what is marked has changed. */
  refresh() {
    this.render();
  }

  /** Scroll to the end, and stay there as it moves on; or do so no longer. @param {boolean} following */
  follow(following) {
    this.following = following;
    if (following) this.toEnd();
    this.render();
  }

  /** Let row *index* be visible. @param {number} index @param {{ focus?: boolean }} [how] */
  reveal(index, { focus = false } = {}) {
    const item = this.items[index];
    if (item === undefined) return;
    this.scroller.scrollTop = revealing(this.viewport, index);
    if (focus) this.active = this.options.keyOf(item, index);
    this.render();
    if (focus) this.rows.mounted.get(this.options.keyOf(item, index))?.view.element.focus({ preventScroll: true });
  }

  /** Let one row be *more* pixels higher than the others, or none. @param {string | number | null} key @param {number} [more] */
  widen(key, more = 0) {
    if ((this.wide?.key ?? null) === key && (this.wide?.more ?? 0) === more) return;
    const anchors = this.scroller.scrollTop > 0 ? this.visible() : [];
    this.wide = key === null ? null : { key, more };
    this.resize();
    // The row itself stays where it is and grows downwards.
    this.hold(anchors);
    this.render();
  }

  /** Leave the page to others. */
  stop() {
    this.observer.disconnect();
  }

  /** The rows that can be seen, with how far each is from the upper edge. */
  visible() {
    const { viewport } = this;
    const { top, height } = viewport;
    return this.rows
      .inOrder()
      .map(({ key, index }) => ({
        key,
        index,
        away: startOf(viewport, index) - top,
        end: startOf(viewport, index + 1),
      }))
      .filter(({ away, end }) => end > top && away < height);
  }

  /** Scroll so that the first of *anchors* that is still there is where it was. @param {ReturnType<typeof this.visible>} anchors */
  hold(anchors) {
    if (this.following) this.toEnd();
    for (const { key, index, away } of anchors) {
      const now = indexNear(this.items, this.options.keyOf, key, index);
      if (now < 0) continue;
      const { viewport } = this;
      const top = startOf(viewport, now) - away;
      if (top !== viewport.top) this.scroller.scrollTop = top;
      return;
    }
  }

  toEnd() {
    this.scroller.scrollTop = startOf(this.viewport, this.items.length);
  }

  scrolled() {
    this.noticeScroll();
    this.render();
  }

  /** Whoever scrolls away from the end follows it no longer; what comes before the event of that must not undo it. */
  noticeScroll() {
    const { followed } = this.options;
    if (!followed || this.scroller.clientHeight === 0 || this.following === this.isAtEnd) return;
    this.following = this.isAtEnd;
    followed(this.following);
  }

  /** The window, the zoom or the style has changed. */
  measure() {
    const { height } = this.probe.getBoundingClientRect();
    const before = this.rowHeight;
    this.rowHeight = height;
    if (before !== height) {
      const { scrollTop } = this.scroller;
      this.resize();
      // Rows had no height while the list was hidden; nobody had scrolled then.
      if (before > 0) this.scroller.scrollTop = (scrollTop / before) * height;
    }
    if (this.following) this.toEnd();
    this.render();
  }

  resize() {
    const { headerRows = 0 } = this.options;
    this.count = this.items.length;
    this.wider = this.placeOfWide();
    this.rows.rail.style.height = `${startOf(this.viewport, this.count)}px`;
    const table = this.scroller.closest("[role=table], [role=grid], [role=treegrid]");
    table?.setAttribute("aria-rowcount", `${this.count + headerRows}`);
  }

  placeOfWide() {
    if (!this.wide) return null;
    const index = indexNear(this.items, this.options.keyOf, this.wide.key, this.wider?.index ?? 0);
    return index < 0 ? null : { index, more: this.wide.more };
  }

  render() {
    const { keyOf } = this.options;
    const count = this.items.length;
    const [first, last] = rangeOf(this.viewport, count, EXTRA);
    const indexes = Array.from({ length: last - first }, (_, place) => first + place);
    const kept = this.indexOfFocus();
    if (kept >= 0 && kept < first) indexes.unshift(kept);
    if (kept >= last) indexes.push(kept);
    const wanted = indexes.map((index) => {
      const item = /** @type {T} */ (this.items[index]);
      return { key: keyOf(item, index), item, index };
    });
    this.rows.show(wanted, this.viewport, count);
    if (this.options.open) this.rove();
  }

  /** Where the row that has the focus is now, or -1. */
  indexOfFocus() {
    const row = this.rows.holding(document.activeElement);
    return row ? indexNear(this.items, this.options.keyOf, row.key, row.index) : -1;
  }

  /** One row alone can be reached with Tab: the one that had the focus last, or the first that can be seen. */
  rove() {
    const { viewport } = this;
    const rows = this.rows.inOrder();
    const seen = (/** @type {{ index: number }} */ { index }) => startOf(viewport, index) >= viewport.top;
    const active = rows.find(({ key }) => key === this.active) ?? rows.find(seen);
    for (const row of rows) row.view.element.tabIndex = row === active ? 0 : -1;
  }

  /** A row that is gone must not throw the focus back to the start of the page. @param {{ key: string | number, index: number }} row */
  keepFocus({ key, index }) {
    if (this.rows.mounted.has(key)) return;
    if (this.options.open && this.items.length > 0)
      this.reveal(Math.min(index, this.items.length - 1), { focus: true });
    else this.scroller.focus({ preventScroll: true });
  }

  /** @param {FocusEvent} event */
  focused({ target }) {
    const row = this.rows.holding(target);
    if (!row || !this.options.open || this.active === row.key) return;
    this.active = row.key;
    this.rove();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const row = this.rows.holding(event.target);
    const target = /** @type {HTMLElement} */ (event.target);
    if (!row || !this.options.open || event.defaultPrevented || target.closest("input, select, textarea")) return;
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / this.rowHeight) - 1);
    const next =
      event.altKey || event.ctrlKey || event.metaKey ? null : moved(event.key, row.index, this.items.length, page);
    const opens = event.key === "Enter" && target === row.view.element;
    if (next === null && !opens) return;
    event.preventDefault();
    if (next !== null) this.reveal(next, { focus: true });
    else this.options.open(/** @type {T} */ (this.items[row.index]), row.index);
  }
}
