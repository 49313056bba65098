import { VirtualList } from "../dashboard/virtual-list.js";
import { InboxRow } from "./row.js";

/** @import { Note } from "./notes.js" */
/** @import { Context } from "./row.js" */

/** Rows before the end at which the next page is asked for. */
const AHEAD = 60;

/**
 * The list: one of its rows can be open, the focus goes from row to row, and what comes does not push away what somebody
 * reads or is about to press.
 */
export class InboxList {
  /**
   * @param {HTMLElement} scroller
   * @param {Omit<Context, "isOpen" | "countOf">} context
   * @param {object} told
   * @param {() => void} told.moved The person scrolls, their pointer comes or goes, or the window is another.
   * @param {(count: number) => number} told.setSize
   */
  constructor(scroller, context, { moved, setSize }) {
    this.scroller = scroller;
    this.details = context.details;
    /** @type {readonly Note[]} */
    this.notes = [];
    /** @type {ReadonlyMap<string, readonly Note[]>} What is folded into one entry, by its id. */
    this.members = new Map();
    /** @type {string | null} The one that is open. */
    this.open = null;
    /** Whether it has just been opened, and is yet to be scrolled to. */
    this.opening = false;
    /** Whether a mouse points at the list. */
    this.pointed = false;
    this.list = new VirtualList(scroller, {
      make: () =>
        new InboxRow({
          ...context,
          isOpen: (id) => id === this.open,
          countOf: (id) => this.members.get(id)?.length ?? 1,
        }),
      keyOf: (/** @type {Note} */ { id }) => id,
      role: "feed",
      label: "Notifications",
      setSize,
      open: (note) => context.toggle(note),
    });
    scroller.addEventListener("scroll", moved, { passive: true });
    new ResizeObserver(moved).observe(scroller);
    scroller.addEventListener("keydown", (event) => this.key(event), { capture: true });
    for (const [name, pointed] of /** @type {const} */ ([
      ["pointerenter", true],
      ["pointerleave", false],
    ]))
      scroller.addEventListener(name, ({ pointerType }) => {
        this.pointed = pointed && pointerType === "mouse";
        moved();
      });
  }

  /** Whether something that came above would push away what is being read. */
  get isReading() {
    return this.scroller.scrollTop > 0 || this.pointed || this.open !== null;
  }

  get isNearEnd() {
    const { top, height, rowHeight } = this.list.viewport;
    return top + height > (this.notes.length - AHEAD) * rowHeight;
  }

  /** Whether the last row is in sight. */
  get isAtBottom() {
    return this.list.isAtEnd;
  }

  /** The notification that has the focus, or else the one that is open. */
  get current() {
    const row = this.list.rows.holding(document.activeElement);
    const id = row?.key ?? this.open;
    return this.notes.find((note) => note.id === id) ?? null;
  }

  /** All that entries stand for. @param {readonly Note[]} entries @returns {readonly Note[]} */
  unfolded(entries) {
    return entries.flatMap((entry) => this.members.get(entry.id) ?? [entry]);
  }

  /** @param {readonly Note[]} notes @param {ReadonlyMap<string, readonly Note[]>} members @param {boolean} busy */
  show(notes, members, busy) {
    this.notes = notes;
    this.members = members;
    if (this.open !== null && !notes.some(({ id }) => id === this.open)) this.close();
    this.list.show(notes);
    const value = `${busy}`;
    const { rail } = this.list.rows;
    if (rail.getAttribute("aria-busy") !== value) rail.setAttribute("aria-busy", value);
  }

  /** Open one row, and close what was open. @param {string} id */
  expand(id) {
    this.close();
    this.open = id;
    this.opening = true;
    this.list.refresh();
    this.resized(this.details.element.offsetHeight);
  }

  close() {
    if (this.open === null) return false;
    this.open = null;
    this.details.clear();
    this.list.widen(null);
    this.list.refresh();
    return true;
  }

  /** @param {number} height Of the details. */
  resized(height) {
    if (this.open === null || height === 0) return;
    this.list.widen(this.open, height);
    if (!this.opening) return;
    this.opening = false;
    const index = this.notes.findIndex(({ id }) => id === this.open);
    if (index >= 0) this.list.reveal(index);
  }

  /** Go on to the next row, or back. @param {number} step */
  move(step) {
    const here = this.notes.findIndex(({ id }) => id === this.current?.id);
    const { viewport } = this.list;
    const first = Math.ceil(viewport.top / Math.max(1, viewport.rowHeight));
    const index = here < 0 ? first : here + step;
    if (index < 0 || index >= this.notes.length) return false;
    this.list.reveal(index, { focus: true });
    return true;
  }

  /** Show the newest. */
  toTop() {
    this.scroller.scrollTop = 0;
    this.list.refresh();
  }

  /** Page Down and Page Up go from article to article, as in any feed. @param {KeyboardEvent} event */
  key(event) {
    const step = { PageDown: 1, PageUp: -1 }[event.key];
    if (!step || !this.list.rows.holding(event.target)) return;
    event.preventDefault();
    this.move(step);
  }
}
