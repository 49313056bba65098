/** @import { Note } from "./notes.js" */

/** What is ticked: some by their ids, or everything that the view asks for, also what is not loaded. */
export class Selection {
  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    /** @type {Set<string>} */
    this.ids = new Set();
    this.everything = false;
    /** @type {string | null} Where a range begins. */
    this.anchor = null;
  }

  get isEmpty() {
    return !this.everything && this.ids.size === 0;
  }

  /** @param {string} id */
  has(id) {
    return this.everything || this.ids.has(id);
  }

  /** Tick one or take its tick away; with *range* all from the last one on. @param {string} id @param {readonly Note[]} shown
   * @param {{ range?: boolean }} [how] */
  toggle(id, shown, { range = false } = {}) {
    if (this.everything) this.ids = new Set(shown.map((note) => note.id));
    this.everything = false;
    const on = !this.ids.has(id);
    for (const one of range ? this.between(id, shown) : [id]) {
      if (on) this.ids.add(one);
      else this.ids.delete(one);
    }
    this.anchor = id;
    this.changed();
  }

  /** @param {string} id @param {readonly Note[]} shown @returns {string[]} */
  between(id, shown) {
    const places = [this.anchor, id].map((one) => shown.findIndex((note) => note.id === one));
    const [from, to] = [Math.min(...places), Math.max(...places)];
    return from < 0 ? [id] : shown.slice(from, to + 1).map((note) => note.id);
  }

  /** @param {readonly Note[]} shown */
  all(shown) {
    this.ids = new Set(shown.map(({ id }) => id));
    this.everything = false;
    this.changed();
  }

  whole() {
    this.everything = true;
    this.changed();
  }

  clear() {
    if (this.isEmpty) return;
    this.ids.clear();
    this.everything = false;
    this.anchor = null;
    this.changed();
  }

  /** Forget what is no longer shown. @param {readonly Note[]} shown */
  keep(shown) {
    if (this.ids.size === 0) return;
    const here = new Set(shown.map(({ id }) => id));
    for (const id of this.ids) if (!here.has(id)) this.ids.delete(id);
  }
}
