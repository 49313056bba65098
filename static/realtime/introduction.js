/** @import { Message, Options } from "./types.js" */

/** Milliseconds without a greeting after which a page that relies on its session asks why. */
const DOUBT = 1_000;
/** Part of a credential's remaining time after which it is refreshed; at the latest so many milliseconds before its end. */
const PART = 0.8;
const MARGIN = 30_000;
/** Milliseconds that a browser's timer can hold. */
const LONGEST = 2_000_000_000;

/**
 * Says who the page is, on one WebSocket: by what the `auth` option provides, at first and again before that ends.
 *
 * Without the option the session speaks for the page. Where that has gone the server waits for an `auth` message, which
 * is not going to come: whoever is not greeted soon asks, and is told `unauthorized`.
 */
export class Introduction {
  /**
   * @param {Options} options
   * @param {{ send: (message: Message) => boolean, fail: (reason: string) => void }} link
   */
  constructor(options, link) {
    this.options = options;
    this.link = link;
    this.ended = false;
    /** @type {any} */
    this.timer = null;
    /** @type {string | null} The end that was last told: a refresh that does not move it is not repeated. */
    this.expiresAt = null;
  }

  /** The socket is open. */
  begin() {
    if (this.options.auth) this.introduce();
    else this.plan(() => this.link.send({ type: "ping" }), this.options.doubt ?? DOUBT);
  }

  /** The greeting has come. */
  greeted() {
    if (!this.options.auth) this.end();
  }

  /** The server's answer to `auth`. @param {Message} message */
  accepted({ expires_at: end }) {
    if (!this.options.auth || typeof end !== "string" || end === this.expiresAt) return;
    this.expiresAt = end;
    const left = Date.parse(end) - this.options.clock.now();
    this.plan(() => this.introduce(), Math.max(0, Math.min(Math.max(left * PART, left - MARGIN), LONGEST)));
  }

  end() {
    this.options.clock.cancel(this.timer);
  }

  /** Nothing more is sent. */
  stop() {
    this.ended = true;
    this.end();
  }

  async introduce() {
    try {
      const credential = await this.options.auth?.();
      if (!this.ended) this.link.send({ type: "auth", ...credential });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      // Before the first one there is no connection; a refresh that fails leaves it as long as it lasts.
      if (!this.ended && this.expiresAt === null) this.link.fail(`There is no credential: ${reason}`);
    }
  }

  /** @param {() => void} work @param {number} delay */
  plan(work, delay) {
    this.end();
    this.timer = this.options.clock.after(work, delay);
  }
}
