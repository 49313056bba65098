/** @import { Clock } from "../realtime/types.js" */

const INTERVAL = 15_000;

/**
 * Asks the REST API for news while the socket is down: every 15 s with jitter, and not while nobody is looking.
 */
export class Poller {
  /**
   * @param {object} options
   * @param {Clock} options.clock
   * @param {() => number} options.random
   * @param {() => boolean} options.hidden Whether the tab is hidden.
   * @param {() => Promise<unknown>} options.poll Must not reject.
   */
  constructor({ clock, random, hidden, poll }) {
    this.clock = clock;
    this.random = random;
    this.hidden = hidden;
    this.poll = poll;
    this.running = false;
    /** @type {any} */
    this.timer = null;
  }

  /** Begin, with the first poll after one interval. Safe to call twice. */
  start() {
    if (this.running) return;
    this.running = true;
    this.plan();
  }

  /** End. Safe to call twice. */
  stop() {
    this.running = false;
    this.clock.cancel(this.timer);
  }

  /** Tell that the tab was hidden or shown; one that is shown again asks at once. */
  visibilityChanged() {
    if (this.running && !this.hidden()) this.run();
  }

  plan() {
    this.clock.cancel(this.timer);
    this.timer = this.clock.after(() => this.run(), INTERVAL * (0.8 + 0.4 * this.random()));
  }

  async run() {
    this.clock.cancel(this.timer);
    // `visibilityChanged` goes on where a hidden tab stopped.
    if (!this.running || this.hidden()) return;
    await this.poll();
    if (this.running) this.plan();
  }
}
