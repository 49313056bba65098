/** @import { Clock } from "../realtime/types.js" */

const SECOND = 1_000;

/**
 * Keeps times on the page right: one beat a second for all of them, and none while nobody looks. What has left the page
 * is forgotten; a row that is used again watches anew.
 */
export class Ticker {
  /** @param {{ clock: Clock, hidden: () => boolean }} options */
  constructor({ clock, hidden }) {
    this.clock = clock;
    this.hidden = hidden;
    /** @type {Map<HTMLElement, (now: number) => string>} */
    this.watched = new Map();
    /** @type {any} */
    this.timer = null;
  }

  /** Let *element* say *words*, now and from now on; in place of what it said before. @param {HTMLElement} element
   * @param {(now: number) => string} words */
  watch(element, words) {
    this.watched.set(element, words);
    write(element, words(this.clock.now()));
    this.timer ??= this.clock.after(() => this.beat(), SECOND);
  }

  /** Let *element* say what it says now, for good. @param {HTMLElement} element */
  leave(element) {
    this.watched.delete(element);
  }

  beat() {
    this.timer = null;
    if (!this.hidden()) this.tick();
    if (this.watched.size > 0) this.timer = this.clock.after(() => this.beat(), SECOND);
  }

  tick() {
    const now = this.clock.now();
    for (const [element, words] of this.watched) {
      if (element.isConnected) write(element, words(now));
      else this.watched.delete(element);
    }
  }
}

/** @param {HTMLElement} element @param {string} text */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
