import { get } from "../dashboard/api.js";
import { byId, coalesced, h } from "../dashboard/dom.js";
import { VirtualList } from "../dashboard/virtual-list.js";
import { anchored, anchorOf } from "./anchor.js";
import { LineLoader, outputAddress } from "./line-loader.js";
import { LineRows, lineOf } from "./line-rows.js";
import { LineStore } from "./line-store.js";
import { LineView } from "./line-view.js";
import { OutputBar } from "./output-bar.js";
import { Search } from "./search.js";
import { Wrapping } from "./wrapping.js";

/** @import { Lines } from "./anchor.js" */

/** What a job prints, as on a terminal: of any length, followed at its end, searched, linked to, copied and saved. */
export class Terminal {
  /** @param {string} id The job's. */
  constructor(id) {
    this.id = id;
    this.store = new LineStore();
    this.rows = new LineRows();
    this.wrapping = new Wrapping(this.store);
    this.wrapped = false;
    /** Whether lines may take other numbers of rows than when the rows were made. */
    this.anew = false;
    /** @type {Lines | null} What the address points to. */
    this.target = anchored(location.hash);
    this.began = false;
    this.placed = false;
    /** The number of the last line when the person began to look elsewhere. */
    this.seen = 0;
    /** Columns of the widest line that was shown. */
    this.widest = 0;
    this.render = coalesced(() => this.show());
    this.loader = new LineLoader({
      store: this.store,
      read: (first, limit) => get(outputAddress(id, first, limit)),
      came: (page) => (page ? this.came(page.first_line, page.lines, { anew: true }) : this.render()),
    });
    this.scroller = byId("output");
    this.list = this.makeList();
    this.search = new Search({
      id,
      changed: () => this.list.refresh(),
      go: (line) => this.go(line),
      from: () => this.looked()[0],
    });
    this.bar = new OutputBar({
      id,
      search: this.search.element,
      follow: (on) => this.follow(on),
      wrap: (on) => this.wrap(on),
      retry: () => this.loader.retry(),
      chosen: () => this.target ?? {},
    });
    this.scroller.addEventListener("scroll", () => this.look(), { passive: true });
    addEventListener("hashchange", () => this.pointed());
    new ResizeObserver(() => this.fit()).observe(this.scroller);
  }

  makeList() {
    const context = {
      line: (/** @type {number} */ number) => this.store.get(number),
      ranges: (/** @type {string} */ text) => this.search?.found.ranges(text) ?? [],
      columns: () => this.wrapping.columns,
      isTarget: (/** @type {number} */ n) => this.target !== null && n >= this.target.from && n <= this.target.to,
      current: () => this.search?.found.at ?? 0,
      choose: (/** @type {number} */ number, /** @type {MouseEvent} */ event) => this.choose(number, event),
      wide: (/** @type {number} */ columns) => this.widen(columns),
    };
    return new VirtualList(this.scroller, {
      make: () => new LineView(context),
      keyOf: (/** @type {number} */ row) => row,
      role: "none",
      followed: () => this.followed(),
    });
  }

  /** Take the newest lines of a state; it may be of another output than what is here. @param {number} first
   * @param {readonly string[]} lines */
  begin(first, lines) {
    const differs = lines.some((line, index) => (this.store.peek(first + index) ?? line) !== line);
    if (differs) this.store.clear();
    this.store.extend(first - 1);
    if (lines.length === 0) this.store.dropBefore(first);
    this.came(first, lines, { anew: differs });
    if (this.loader.error) this.loader.retry();
    this.began = true;
  }

  /** Begin at the line that the address points to, or at the end, as soon as the page has room for it. */
  place() {
    if (this.placed || !this.began || this.list.rowHeight === 0 || this.rows.rows.length === 0) return;
    this.placed = true;
    if (this.target) this.reveal(this.target.from);
    else this.follow(true);
  }

  /** Take lines: new ones, or such as were missing. @param {number} first @param {readonly string[]} lines
   * @param {{ anew?: boolean }} [how] */
  came(first, lines, { anew = false } = {}) {
    this.store.put(first, lines);
    this.wrapping.came(first, lines);
    this.search.came(first, lines);
    this.anew ||= anew;
    this.render();
  }

  show() {
    const { store } = this;
    if (this.list.following) this.seen = store.total;
    this.scroller.style.setProperty("--digits", `${Math.max(3, `${store.total}`.length)}`);
    const rows = this.rows.of(store, (line) => this.wrapping.partsOf(line), { anew: this.anew });
    this.anew = false;
    this.list.show(rows);
    this.place();
    this.look();
    const news = this.list.following ? 0 : store.total - this.seen;
    this.bar.show({ following: this.list.following, wrapped: this.wrapped, news, error: this.loader.error });
  }

  /** Have the lines loaded that are looked at. */
  look() {
    const [from, to] = this.looked();
    if (to >= from) this.loader.want(from, to);
  }

  /** @returns {[number, number]} The lines in sight. */
  looked() {
    const rows = this.list.visible();
    const [first, last] = [rows[0], rows.at(-1)];
    return first && last ? [lineOf(Number(first.key)), lineOf(Number(last.key))] : [1, 0];
  }

  /** @param {boolean} on */
  follow(on) {
    if (!on) this.seen = this.store.total;
    this.list.follow(on);
    this.render();
  }

  /** The person has scrolled away from the end, or back to it. */
  followed() {
    this.seen = this.store.total;
    this.render();
  }

  /** @param {boolean} on */
  wrap(on) {
    this.wrapped = on;
    this.scroller.classList.toggle("wrapped", on);
    this.scroller.scrollLeft = 0;
    this.fit();
    this.render();
  }

  /** Wrap to the width that there is by now; what is pointed to stays in sight. */
  fit() {
    this.place();
    const [from, to] = this.looked();
    const held = [this.search.found.at, this.target?.from ?? 0].find((line) => line >= from && line <= to);
    if (!this.wrapping.wrap(this.wrapped ? this.columns() : 0)) return;
    this.list.rows.rail.style.minWidth = this.wrapped ? "" : `calc(${this.widest}ch + var(--gutter))`;
    this.anew = true;
    this.show();
    if (held && !this.list.following) this.reveal(held);
  }

  /** How many characters fit into a row. */
  columns() {
    const ruler = h("span", { class: "output-ruler", "aria-hidden": "true" }, "0".repeat(100));
    this.scroller.append(ruler);
    const character = ruler.getBoundingClientRect().width / 100;
    ruler.remove();
    const gutter = this.list.rows.rail.querySelector(".line-number")?.getBoundingClientRect().width ?? 0;
    return Math.floor((this.scroller.clientWidth - gutter - 2 * character) / character);
  }

  /** @param {number} columns */
  widen(columns) {
    if (columns <= this.widest) return;
    this.widest = columns;
    if (!this.wrapped) this.list.rows.rail.style.minWidth = `calc(${columns}ch + var(--gutter))`;
  }

  /** Go to a line that was looked for. @param {number} line */
  go(line) {
    this.follow(false);
    this.reveal(line);
  }

  /** Show a line, with some before it. @param {number} line */
  reveal(line) {
    const index = this.rows.indexOf(line);
    const { height, rowHeight, top } = this.list.viewport;
    const start = index * rowHeight;
    if (start < top || start + rowHeight > top + height) this.scroller.scrollTop = start - height / 3;
    this.list.refresh();
    this.look();
  }

  /** The address points elsewhere. */
  pointed() {
    this.target = anchored(location.hash);
    if (this.target) this.go(this.target.from);
  }

  /** @param {number} number @param {MouseEvent} event */
  choose(number, event) {
    if (event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const from = event.shiftKey && this.target ? this.target.from : number;
    this.target = { from: Math.min(from, number), to: Math.max(from, number) };
    history.replaceState(null, "", anchorOf(this.target));
    this.list.refresh();
  }
}
