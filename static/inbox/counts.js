import { difference, NAMES } from "./tabs.js";

/** @import { Clock } from "../realtime/types.js" */
/** @import { Note } from "./notes.js" */
/** @import { Tab } from "./tabs.js" */

/** Milliseconds that a question waits, so that what changes together is asked for once. */
const PAUSE = 400;

/**
 * How many each tab has: as the server said last, with what has changed since; asked for anew after changes, since not
 * all that changes is on this page.
 */
export class Counts {
  /** @param {{ clock: Clock, ask: () => Promise<Record<string, any>>, changed: () => void }} options */
  constructor({ clock, ask, changed }) {
    this.clock = clock;
    this.ask = ask;
    this.changed = changed;
    /** @type {Record<Tab, number> | null} */
    this.tabs = null;
    /** @type {any} */
    this.timer = null;
    this.asking = false;
    /** Whether something changed since the question under way was asked. */
    this.outdated = false;
  }

  /** @param {Note | null} before @param {Note | null} after */
  adjust(before, after) {
    if (this.tabs) this.tabs = added(this.tabs, difference(before, after));
    this.refresh();
  }

  /** What they are with what is not confirmed yet; null while nobody knows. @param {Record<Tab, number>} delta */
  with(delta) {
    return this.tabs && added(this.tabs, delta);
  }

  /** Take the server's word on one of them. @param {unknown} unread */
  said(unread) {
    if (this.tabs && typeof unread === "number") this.tabs = { ...this.tabs, unread };
  }

  /** Ask soon. */
  refresh() {
    this.outdated = true;
    this.timer ??= this.clock.after(() => this.load(), PAUSE);
  }

  /** Ask now. @returns {Promise<void>} Never rejects: a count that is not there is no reason to stop. */
  async load() {
    this.clock.cancel(this.timer);
    this.timer = null;
    if (this.asking) return;
    this.asking = true;
    this.outdated = false;
    const answer = await this.ask().catch(() => null);
    this.asking = false;
    if (this.outdated) return this.refresh();
    if (answer) this.tabs = tabsOf(answer);
    this.changed();
  }
}

/** @param {Record<string, any>} answer @returns {Record<Tab, number>} */
function tabsOf({ tabs }) {
  return /** @type {Record<Tab, number>} */ (Object.fromEntries(NAMES.map((name) => [name, tabs?.[name] ?? 0])));
}

/** @param {Record<Tab, number>} counts @param {Record<Tab, number>} more */
function added(counts, more) {
  const sum = (/** @type {Tab} */ name) => Math.max(0, counts[name] + more[name]);
  return /** @type {Record<Tab, number>} */ (Object.fromEntries(NAMES.map((name) => [name, sum(name)])));
}
