/** @import { Transport } from "./types.js" */

const ORDER = /** @type {Transport[]} */ (["websocket", "sse", "poll"]);
/** Handshakes in a row that may fail before WebSocket counts as blocked: on a page that never had one, and else. */
const HANDSHAKES = 2;
const HANDSHAKES_ONCE_OPEN = 5;
/** Milliseconds until WebSocket is tried again beside what works; doubled with each try. */
const AGAIN = 60_000;
const AGAIN_ONCE_OPEN = 5_000;
const LONGEST = 600_000;

/**
 * Which kind of connection to try next: WebSocket → server-sent events → long poll, and round again.
 *
 * One that has opened is kept, and tried first after it was lost. A server that is away fails all of them alike, and
 * so costs a page that had WebSocket more tries before it looks elsewhere.
 */
export class Transports {
  /** @param {boolean} several Whether there is anything but WebSocket. */
  constructor(several) {
    this.several = several;
    /** @type {Transport} */
    this.current = "websocket";
    /** @type {Transport | null} The last kind that opened. */
    this.worked = null;
    this.hadWebSocket = false;
    /** Tries of the current kind that failed in a row. */
    this.failures = 0;
    /** Tries to get WebSocket back since something else works. */
    this.returns = 0;
    /** @type {number | null} When the next of them is due: a connection that is lost meanwhile does not put it off. */
    this.returnAt = null;
  }

  /** @param {Transport} transport That delivers. */
  opened(transport) {
    if (transport !== this.worked) {
      this.returns = 0;
      this.returnAt = null;
    }
    this.current = this.worked = transport;
    this.hadWebSocket ||= transport === "websocket";
    this.failures = 0;
  }

  /** Note a try that ended without a word from the server. @param {Transport} transport */
  failed(transport) {
    if (!this.several || transport !== this.current) return;
    this.failures += 1;
    const most = this.hadWebSocket ? HANDSHAKES_ONCE_OPEN : HANDSHAKES;
    if (transport === "websocket" && this.failures < most) return;
    this.failures = 0;
    this.current = ORDER[(ORDER.indexOf(transport) + 1) % ORDER.length] ?? "websocket";
  }

  /** Begin again, with what worked last. */
  restart() {
    this.current = this.worked ?? "websocket";
    this.failures = 0;
  }

  /** Return how long to stay with what works before WebSocket is tried again. @param {number} now
   * @param {() => number} random */
  untilReturn(now, random) {
    const whole = Math.min(LONGEST, (this.hadWebSocket ? AGAIN_ONCE_OPEN : AGAIN) * 2 ** this.returns);
    this.returnAt ??= now + whole * (0.5 + 0.5 * random());
    return Math.max(0, this.returnAt - now);
  }

  /** Note that WebSocket is tried beside what works. */
  returning() {
    this.returns += 1;
    this.returnAt = null;
  }
}
