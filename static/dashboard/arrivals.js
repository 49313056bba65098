/** @import { Clock } from "../realtime/types.js" */

/** What comes within so many milliseconds is said together. */
const TOGETHER = 100;
/** Milliseconds between two sentences at least: who listens must be able to do something else meanwhile. */
const PACE = 10_000;

/**
 * Tells a screen reader what has arrived: the first at once, and of what follows it only how much it is, now and then.
 */
export class ArrivalAnnouncer {
  /** @param {HTMLElement} region A polite live region. @param {Clock} clock */
  constructor(region, clock) {
    this.region = region;
    this.clock = clock;
    /** @type {string[]} The titles of what was not told yet. */
    this.untold = [];
    this.toldAt = Number.NEGATIVE_INFINITY;
  }

  /** These were told by something else. */
  told() {
    this.toldAt = this.clock.now();
  }

  /** @param {{ title: string }[]} items */
  add(items) {
    if (this.untold.length === 0) this.clock.after(() => this.tell(), Math.max(TOGETHER, this.due()));
    this.untold.push(...items.map(({ title }) => title));
  }

  /** Milliseconds until it may speak again. */
  due() {
    return this.toldAt + PACE - this.clock.now();
  }

  tell() {
    const titles = this.untold.splice(0);
    this.region.textContent = titles.length === 1 ? `New: ${titles[0]}` : `${titles.length} new notifications`;
    this.told();
  }
}
