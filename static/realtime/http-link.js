import { verdict } from "./closing.js";

/** @import { Message, Options, Ends, Http, Transport } from "./types.js" */
/** @import { Verdict } from "./closing.js" */
/** @import { Following } from "./following.js" */

/** Milliseconds for the first answer. */
export const PATIENCE = 10_000;
/** Milliseconds in which changes of what is followed are put together. */
const TOGETHER = 20;

/**
 * What server-sent events and the long poll have in common: requests that say which topics, and from which cursor.
 *
 * They carry no messages to the server. Other topics need another request, which continues from the cursor.
 */
export class HttpLink {
  /** @param {Transport} transport @param {Options} options @param {Ends} ends @param {Following} following */
  constructor(transport, options, ends, following) {
    this.transport = transport;
    this.options = options;
    this.http = /** @type {Http} */ (options.http);
    this.ends = ends;
    this.following = following;
    this.ended = false;
    this.clientId = "";
    this.connectedAt = 0;
    /** @type {number | null} */
    this.latency = null;
    /** @type {Message | null} */
    this.notice = null;
    /** @type {any} When the server must have answered. */
    this.deadline = null;
    /** @type {any} When the next request starts. */
    this.pause = null;
    /** @type {string[]} What the last request that was answered asked for. */
    this.confirmed = [];
    this.abort = new AbortController();
    this.start();
  }

  get ready() {
    return !this.ended && this.connectedAt > 0;
  }

  get settled() {
    return this.ready;
  }

  /** @param {string} name */
  covers(name) {
    return this.confirmed.includes(name);
  }

  follow() {
    this.startIn(TOGETHER);
  }

  leave() {
    this.startIn(TOGETHER);
  }

  noted() {}

  send() {
    return false;
  }

  probe() {
    if (this.ready) this.startIn(0);
  }

  close() {
    this.end();
  }

  /** Make a request after *delay*, instead of the one that is under way. @param {number} delay */
  startIn(delay) {
    this.options.clock.cancel(this.pause);
    if (!this.ended) this.pause = this.options.clock.after(() => this.start(), delay);
  }

  start() {
    this.abort.abort();
    this.abort = new AbortController();
    this.options.clock.cancel(this.deadline);
    // Without topics there is nothing to ask for until some are followed.
    if (this.ended || this.following.topics.length === 0) return;
    this.expect(PATIENCE);
    const { signal } = this.abort;
    this.run(signal).catch((error) => !signal.aborted && this.lose(retry(String(error?.message ?? error))));
  }

  /** Ask, and hand on what is answered. @param {AbortSignal} _signal Aborted when another request takes its place.
   * @returns {Promise<void>} */
  async run(_signal) {}

  /** Lose the connection where nothing is heard in time. @param {number} patience */
  expect(patience) {
    this.options.clock.cancel(this.deadline);
    this.deadline = this.options.clock.after(() => this.lose(retry("The server did not answer.")), patience);
  }

  /**
   * @param {string} address @param {Record<string, string>} query @param {RequestInit} init
   * @returns {Promise<Response | null>} Null where the server refused; the owner has been told.
   */
  async request(address, query, init) {
    const { topics } = this.following;
    const parameters = new URLSearchParams({ topics: topics.join(","), ...query });
    const response = await this.http.fetch(`${address}?${parameters}`, { cache: "no-store", ...init });
    if (response.ok && !init.signal?.aborted) this.confirmed = topics;
    if (response.ok) return response;
    const end = refusal(response, await detailOf(response));
    if (!init.signal?.aborted) this.lose(end);
    return null;
  }

  /** @param {string} text One message of the wire. */
  read(text) {
    const message = JSON.parse(text);
    if (typeof message?.type === "string") this.take(message);
  }

  /** @param {Message} message */
  take(message) {
    if (this.ended) return;
    if (message.type === "disconnect") this.notice = message;
    else this.welcome();
    this.ends.message(this, message);
    if (this.notice) this.lose(verdict({ code: 1006, reason: "" }, this.notice));
  }

  welcome() {
    if (this.ended || this.connectedAt) return;
    this.connectedAt = this.options.clock.now();
    this.ends.opened(this);
  }

  /** @param {Verdict} end */
  lose(end) {
    if (this.ended) return;
    this.end();
    this.ends.lost(this, end);
  }

  end() {
    this.ended = true;
    this.options.clock.cancel(this.deadline);
    this.options.clock.cancel(this.pause);
    this.abort.abort();
  }
}

/** @param {string} reason @returns {Verdict} */
export function retry(reason) {
  return { action: "retry", least: 0, code: 1006, reason };
}

/** What a status means, in the words of a close. @param {Response} response @param {string} detail @returns {Verdict} */
function refusal(response, detail) {
  if (response.status === 401) return { action: "stop", least: 0, code: 1008, reason: "Unauthorized" };
  const seconds = Number(response.headers.get("Retry-After"));
  const reason = `HTTP ${response.status}${detail && ": "}${detail}`;
  return { ...retry(reason), least: seconds > 0 ? seconds * 1000 : 0 };
}

/** @param {Response} response @returns {Promise<string>} Empty where a proxy refused, which says it in a page. */
async function detailOf(response) {
  try {
    const { detail } = await response.json();
    return typeof detail === "string" ? detail : "";
  } catch {
    return "";
  }
}
