import { Backoff } from "./backoff.js";
import { Emitter } from "./emitter.js";
import { Following } from "./following.js";
import { Link } from "./link.js";
import { PollLink } from "./poll-link.js";
import { SharedLink } from "./shared-link.js";
import { Sharing } from "./sharing.js";
import { SseLink } from "./sse-link.js";
import { Transports } from "./transports.js";

/** @import { Connection, Message, Options, Status, Transport } from "./types.js" */
/** @import { Verdict } from "./closing.js" */
/** @typedef {(status: Status, data: Record<string, any>) => void} StatusListener */

const KINDS = { websocket: Link, sse: SseLink, poll: PollLink };
const WORDS = { websocket: "to WebSocket", sse: "over server-sent events", poll: "by polling" };
/** Milliseconds that a connection must last before its end counts as a new trouble. */
const STABLE = 5_000;
/** Milliseconds without a greeting until a tab asks why whose leader has gone, perhaps since the person signed out. */
const DOUBT = 200;
/** Milliseconds until a planned refresh that failed is tried again. */
const REFRESH_AGAIN = 60_000;
/** Messages of one connection that say nothing about the world; they are handed on from a successor too. */
const OWN = new Set(["connection", "initial_state", "subscription", "snapshot", "reset", "error", "pong"]);

/**
 * A connection that stays: it reconnects, resubscribes from its positions, and replaces itself before it gets old.
 *
 * Where WebSocket is blocked it falls back to what gets through, and replaces that by a WebSocket as soon as one does.
 * Each publication is handed to listeners once, in the order of its topic, over however many connections it came.
 */
export class RealtimeClient {
  /** @param {Options} options */
  constructor(options) {
    this.options = options;
    /** @type {Emitter<Message>} */
    this.messages = new Emitter();
    /** @type {Set<StatusListener>} */
    this.statusListeners = new Set();
    this.backoff = new Backoff(options.random);
    this.following = new Following();
    this.transports = new Transports(options.http !== undefined);
    this.sharing = options.tabs ? new Sharing(this, options.tabs) : null;
    /** @type {Connection | null} */
    this.link = null;
    /** @type {Connection | null} What shall take its place, while it is under way. */
    this.successor = null;
    /** @type {any} */
    this.timer = null;
    /** @type {Status} */
    this.status = "disconnected";
    /** @type {Record<string, any>} */
    this.statusData = {};
    this.ends = {
      opened: (/** @type {Connection} */ link) => this.opened(link),
      message: (/** @type {Connection} */ link, /** @type {Message} */ message) => this.receive(link, message),
      lost: (/** @type {Connection} */ link, /** @type {Verdict} */ end) => this.lost(link, end),
    };
  }

  /** Connect now, whatever was waited for. Where a connection is open or on its way, try to get a WebSocket instead. */
  connect() {
    this.sharing?.start();
    if (this.link) return this.tryWebSocket();
    this.backoff.reset();
    this.transports.restart();
    this.open();
  }

  /** Close the connection and stay away until `connect`. */
  disconnect() {
    this.sharing?.stop();
    this.options.clock.cancel(this.timer);
    for (const link of [this.link, this.successor]) link?.close(1000, "Client disconnect");
    this.link = this.successor = null;
    this.tell("disconnected", { code: 1000, reason: "Client disconnect", final: true });
  }

  /**
   * Try at once where a try is being waited for; make sure of the peer where a connection seems open.
   *
   * For the moments in which the world has changed: online again, the page visible again. A client that was
   * told to stay away does stay away.
   */
  wake() {
    this.link?.probe();
    if (!this.statusData.final) this.connect();
  }

  /** Follow *topics*, now or as soon as there is a connection. @param {string | string[]} topics @param {boolean} [snapshot] */
  subscribe(topics, snapshot) {
    const names = this.following.add(topics, snapshot);
    for (const link of [this.link, this.successor]) link?.follow(names);
  }

  /** Follow *topics* no longer. @param {string | string[]} topics */
  unsubscribe(topics) {
    const names = this.following.remove(topics);
    for (const link of [this.link, this.successor]) link?.leave(names);
  }

  /** @param {Message} message @returns {boolean} Whether it went out; nothing is kept for later. */
  send(message) {
    return this.link?.ready ? this.link.send(message) : false;
  }

  /** @param {Status} status @param {Record<string, any>} [data] */
  tell(status, data = {}) {
    this.status = status;
    this.statusData = data;
    for (const listener of [...this.statusListeners]) listener(status, data);
  }

  /** Start a connection. @param {{ silent?: boolean }} [how] */
  open({ silent = false } = {}) {
    const { clock, log, url, http } = this.options;
    // Only a WebSocket can be there for somebody who follows nothing.
    const transport = this.following.topics.length > 0 ? this.transports.current : "websocket";
    clock.cancel(this.timer);
    const address = { websocket: url, sse: http?.stream, poll: http?.changes }[transport];
    log(`Connecting ${WORDS[transport]}: ${address}`);
    if (!silent) this.tell("connecting", { attempt: this.backoff.attempt, transport });
    this.link = this.dial(transport);
  }

  /** @param {Transport} transport @param {Partial<Options>} [changes] @returns {Connection} */
  dial(transport, changes) {
    const options = changes ? { ...this.options, ...changes } : this.options;
    return new KINDS[transport](options, this.ends, this.following);
  }

  /** @param {Connection} link @param {Message} message */
  receive(link, message) {
    if (!this.following.take(message)) return;
    if (message.type === "initial_state") this.logState(message.data ?? {});
    for (const { topic } of message.status === "unsubscribed" ? (message.denied ?? []) : [])
      this.options.log(`You may no longer follow ${topic}.`);
    if (message.type === "error") this.options.log(`WebSocket error: ${message.code}: ${message.message}`);
    link.noted(message);
    // A broadcast without an offset comes over both connections of a handover; the elder one's copy counts.
    const twice = link === this.successor && !OWN.has(message.type) && message.offset === undefined;
    if (!twice) this.handOn(link, message);
    this.handOver();
    this.sharing?.look();
  }

  /** @param {Connection} link @param {Message} message */
  handOn(link, message) {
    const foreign = link instanceof SharedLink || this.following.lent.size > 0;
    if (!foreign || this.following.concerns(message)) this.messages.emit(message.type, message);
    if (!(link instanceof SharedLink)) this.sharing?.took(message);
  }

  /** Leave the connection that another tab holds for one of one's own, without a word. */
  goAlone() {
    const { link, successor } = this;
    if (successor instanceof SharedLink) {
      successor.close();
      this.successor = null;
    } else if (link instanceof SharedLink) {
      link.left = true;
      this.successor ??= this.dial(this.transports.current, { doubt: DOUBT });
    }
  }

  /** @param {Record<string, any>} state */
  logState({ notifications = [], unread_count: unread = 0 }) {
    this.options.log(`Received initial state: ${notifications.length} notifications, ${unread} unread`);
  }

  /** @param {Connection} link */
  opened(link) {
    this.options.log(link.transport === "websocket" ? "WebSocket connected" : `Connected ${WORDS[link.transport]}`);
    if (link === this.link) this.established(link);
  }

  /** @param {Connection} link */
  established(link) {
    this.transports.opened(link.transport);
    this.tell("connected", { client_id: link.clientId || null, transport: link.transport });
    this.planSuccessor(link);
  }

  /** Have a WebSocket take over: before the present one gets old, or in case it gets through by now.
   * @param {Connection} link @param {number} [delay] */
  planSuccessor(link, delay) {
    const { clock, random, refreshTime } = this.options;
    clock.cancel(this.timer);
    // The leader sees to its own.
    if (link instanceof SharedLink) return;
    const refresh = delay ?? refreshTime * (0.9 + 0.1 * random());
    const wait = link.transport === "websocket" ? refresh : this.transports.untilReturn(clock.now(), random);
    this.timer = clock.after(() => this.dialSuccessor(link), wait);
  }

  /** Where something else than WebSocket works, try now whether WebSocket does too. */
  tryWebSocket() {
    if (this.link?.ready && this.link.transport !== "websocket" && !this.successor) this.dialSuccessor(this.link);
  }

  /** @param {Connection} link The present one. */
  dialSuccessor(link) {
    this.options.clock.cancel(this.timer);
    this.successor?.close();
    if (link.transport !== "websocket") this.transports.returning();
    this.successor = this.dial("websocket");
  }

  /** Let the successor take over once it follows everything; both have delivered until now, and nothing is missing. */
  handOver() {
    const { link, successor } = this;
    if (!successor?.settled) return;
    this.link = successor;
    this.successor = null;
    link?.close(1000, "Planned refresh");
    if (link?.transport === successor.transport) this.planSuccessor(successor);
    else this.established(successor);
    this.sharing?.look();
  }

  /** @param {Connection} link @param {Verdict} end */
  lost(link, end) {
    const { random, refreshTime } = this.options;
    // What has not shown yet that it brings everything cannot take the place of what is lost.
    if (link !== this.successor && this.successor instanceof SharedLink) this.goAlone();
    if (link === this.successor) {
      this.successor = null;
      if (this.link instanceof SharedLink && this.link.left) this.alone(link, end);
      else if (this.link?.ready) this.planSuccessor(this.link, REFRESH_AGAIN * (0.5 + random()));
    } else if (this.successor) {
      this.link = this.successor;
      this.successor = null;
      if (!this.link.ready) this.tell("connecting", { attempt: 0, transport: this.link.transport });
      else if (link.transport === this.link.transport) this.planSuccessor(this.link, refreshTime);
      else this.established(this.link);
    } else this.alone(link, end);
  }

  /** There is no connection any more. @param {Connection} link @param {Verdict} end */
  alone(link, end) {
    if (this.link !== link) this.link?.close();
    this.link = null;
    this.sharing?.lost(end);
    this.recover(link, end);
  }

  /** @param {Connection} link @param {Verdict} end */
  recover(link, end) {
    const { clock, log } = this.options;
    clock.cancel(this.timer);
    if (!link.connectedAt && !link.notice) this.transports.failed(link.transport);
    const stable = link.connectedAt > 0 && clock.now() - link.connectedAt >= STABLE;
    if (stable) this.backoff.reset();
    const renewable = this.options.auth !== undefined && end.reason === "Session ended";
    if (stable && (end.action === "resume" || renewable)) return this.open({ silent: true });
    const { code, reason } = end;
    log(`${link.transport === "websocket" ? "WebSocket" : "Connection"} closed: ${code} ${reason}`);
    this.tell(link.connectedAt ? "disconnected" : "error", { code, reason, final: end.action === "stop" });
    if (end.action === "stop") return this.tell("failed", { code, reason, final: true });
    if (this.backoff.exhausted) return this.tell("failed", { code, reason });
    const delay = this.backoff.next(end.least);
    this.timer = clock.after(() => this.open(), delay);
    this.tell("reconnecting", { attempt: this.backoff.attempt, delay, code, reason });
  }
}
