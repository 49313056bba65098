/** @import { Clock } from "../realtime/types.js" */
/** @import { Item } from "./store.js" */

/** What comes within so many milliseconds is said together. */
const TOGETHER = 500;
/** More than this many, each less than `CALM` after the one before, are a storm: one message, and then silence. */
const MANY = 6;
const CALM = 10_000;

/** Tells a screen reader what has come: one message for what comes together, and one for a storm. */
export class Announcer {
  /** @param {{ clock: Clock, say: (text: string) => void }} options */
  constructor({ clock, say }) {
    this.clock = clock;
    this.say = say;
    /** @type {Item[]} */
    this.waiting = [];
    this.last = Number.NEGATIVE_INFINITY;
    this.run = 0;
    this.stormTold = false;
  }

  /** @param {Item[]} items */
  tell(items) {
    if (this.waiting.length === 0) this.clock.after(() => this.speak(), TOGETHER);
    this.waiting.push(...items);
  }

  speak() {
    const items = this.waiting.splice(0);
    const now = this.clock.now();
    if (now - this.last > CALM) {
      this.run = 0;
      this.stormTold = false;
    }
    this.last = now;
    this.run += items.length;
    const storm = this.run > MANY;
    if (storm && this.stormTold) return;
    this.stormTold = storm;
    if (storm) this.say(`Many notifications are arriving. The latest: ${items.at(-1)?.title}`);
    else this.say(items.length === 1 ? `New: ${items[0]?.title}` : `${items.length} new notifications`);
  }
}
