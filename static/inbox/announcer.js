/** @import { Clock } from "../realtime/types.js" */

/** Milliseconds in which what is said is put together: a screen reader would drop all but the last. */
const TOGETHER = 700;

/** Tells a screen reader what happens, in one polite region and not word by word. */
export class Announcer {
  /** @param {HTMLElement} region @param {Clock} clock */
  constructor(region, clock) {
    this.region = region;
    this.clock = clock;
    /** @type {Map<string, string>} The latest sentence of each kind. */
    this.sentences = new Map();
    /** @type {any} */
    this.timer = null;
  }

  /** @param {string} kind Replaces what was to be said of this. @param {string} sentence */
  say(kind, sentence) {
    this.sentences.set(kind, sentence);
    this.timer ??= this.clock.after(() => this.tell(), TOGETHER);
  }

  tell() {
    this.timer = null;
    this.region.textContent = [...this.sentences.values()].join(" ");
    this.sentences.clear();
  }
}
