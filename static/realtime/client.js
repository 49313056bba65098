import { Backoff } from "./backoff.js";
import { Emitter } from "./emitter.js";
import { Link } from "./link.js";
import { Positions } from "./positions.js";
import { Subscriptions, subscriptionMessage } from "./subscriptions.js";

/** @import { Message, Options, Status } from "./types.js" */
/** @import { Verdict } from "./closing.js" */
/** @typedef {(status: Status, data: Record<string, any>) => void} StatusListener */

/** Milliseconds that a connection must last before its end counts as a new trouble. */
const STABLE = 5_000;
/** Milliseconds until a planned refresh that failed is tried again. */
const REFRESH_AGAIN = 60_000;
/** Messages of one connection that say nothing about the world; they are handed on from a successor too. */
const OWN = new Set(["connection", "initial_state", "subscription", "snapshot", "reset", "error", "pong"]);

/**
 * A connection that stays: it reconnects, resubscribes from its positions, and replaces itself before it gets old.
 *
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
    this.positions = new Positions();
    this.subscriptions = new Subscriptions();
    /** @type {Link | null} */
    this.link = null;
    /** @type {Link | null} The successor, while a planned refresh is under way. */
    this.successor = null;
    /** @type {any} */
    this.timer = null;
    /** @type {Status} */
    this.status = "disconnected";
    /** @type {Record<string, any>} */
    this.statusData = {};
  }

  /** Connect now, whatever was waited for. Does nothing where a connection is open or on its way. */
  connect() {
    if (this.link) return;
    this.backoff.reset();
    this.open();
  }

  /** Close the connection and stay away until `connect`. */
  disconnect() {
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
    if (this.link) this.link.probe();
    else if (!this.statusData.final) this.connect();
  }

  /** Follow *topics*, now or as soon as there is a connection. @param {string | string[]} topics */
  subscribe(topics) {
    const names = this.subscriptions.add(topics);
    for (const link of [this.link, this.successor]) if (link?.greeted) this.ask(link, names);
  }

  /** Follow *topics* no longer. @param {string | string[]} topics */
  unsubscribe(topics) {
    const names = this.subscriptions.remove(topics);
    this.positions.forget([...this.positions.expand(names)].filter((name) => !this.subscriptions.wanted.has(name)));
    for (const link of [this.link, this.successor])
      if (link?.greeted) link.send({ type: "unsubscribe", topics: names });
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
    this.options.clock.cancel(this.timer);
    this.options.log(`Connecting to WebSocket: ${this.options.url}`);
    if (!silent) this.tell("connecting", { attempt: this.backoff.attempt });
    this.link = this.dial();
  }

  dial() {
    return new Link(this.options, {
      message: (link, message) => this.receive(link, message),
      lost: (link, end) => this.lost(link, end),
    });
  }

  /** @param {Link} link @param {Message} message */
  receive(link, message) {
    if (!this.positions.admit(message)) return;
    if (message.type === "connection") this.connected(link, message);
    if (message.type === "initial_state") this.greeted(link, message);
    if (message.type === "reset") this.positions.forget([message.topic]);
    if (message.type === "snapshot") this.positions.replace(message.positions);
    if (message.type === "error") this.options.log(`WebSocket error: ${message.code}: ${message.message}`);
    if (message.type === "subscription" || message.type === "error") this.answered(link, message);
    // A broadcast without an offset comes over both connections of a refresh; the elder one's copy counts.
    const twice = link === this.successor && !OWN.has(message.type) && message.offset === undefined;
    if (!twice) this.messages.emit(message.type, message);
    this.handOver();
  }

  /** @param {Link} link @param {Message} message */
  connected(link, message) {
    this.options.log("WebSocket connected");
    if (link !== this.link) return;
    this.tell("connected", { client_id: message.client_id });
    this.planRefresh(this.options.refreshTime * (0.9 + 0.1 * this.options.random()));
  }

  /** @param {Link} link @param {Message} message */
  greeted(link, message) {
    const { notifications = [], unread_count: unread = 0 } = message.data ?? {};
    this.options.log(`Received initial state: ${notifications.length} notifications, ${unread} unread`);
    this.positions.begin(message.positions ?? message.data?.positions);
    link.greeted = true;
    this.ask(link, [...this.subscriptions.wanted]);
  }

  /** @param {Link} link @param {string[]} topics */
  ask(link, topics) {
    const wanted = topics.filter((name) => this.subscriptions.wanted.has(name));
    if (wanted.length === 0) return;
    const message = subscriptionMessage(this.subscriptions.nextId(), wanted, this.positions.since(wanted));
    link.asked.set(message.id, wanted);
    link.send(message);
  }

  /** An answer to a subscribe, good or bad; a temporary error asks again. @param {Link} link @param {Message} message */
  answered(link, message) {
    if (message.status === "subscribed") this.positions.subscribed(message.positions);
    const topics = link.asked.get(message.id);
    link.asked.delete(message.id);
    for (const { topic } of message.denied ?? []) this.subscriptions.wanted.delete(topic);
    if (!topics || !message.temporary) return;
    link.asked.set(message.id, topics);
    const again = () => link.asked.delete(message.id) && this.ask(link, topics);
    this.options.clock.after(() => !link.ended && again(), 1_000 + 1_000 * this.options.random());
  }

  /** @param {number} delay */
  planRefresh(delay) {
    this.options.clock.cancel(this.timer);
    this.timer = this.options.clock.after(() => {
      this.successor = this.dial();
    }, delay);
  }

  /** Let the successor take over once it follows everything; both have delivered until now, and nothing is missing. */
  handOver() {
    const { link, successor } = this;
    if (!successor?.greeted || successor.asked.size > 0) return;
    this.link = successor;
    this.successor = null;
    link?.close(1000, "Planned refresh");
    this.planRefresh(this.options.refreshTime * (0.9 + 0.1 * this.options.random()));
  }

  /** @param {Link} link @param {Verdict} end */
  lost(link, end) {
    if (link === this.successor) {
      this.successor = null;
      this.planRefresh(REFRESH_AGAIN * (0.5 + this.options.random()));
    } else if (this.successor) {
      this.link = this.successor;
      this.successor = null;
      if (!this.link.ready) this.tell("connecting", { attempt: 0 });
      else this.planRefresh(this.options.refreshTime);
    } else {
      this.link = null;
      this.recover(link, end);
    }
  }

  /** @param {Link} link @param {Verdict} end */
  recover(link, end) {
    const { clock, log } = this.options;
    clock.cancel(this.timer);
    const stable = link.ready || link.connectedAt > 0 ? clock.now() - link.connectedAt >= STABLE : false;
    if (stable) this.backoff.reset();
    if (stable && end.action === "resume") return this.open({ silent: true });
    log(`WebSocket closed: ${end.code} ${end.reason}`);
    const { code, reason } = end;
    this.tell(link.connectedAt ? "disconnected" : "error", { code, reason, final: end.action === "stop" });
    if (end.action === "stop") return this.tell("failed", { code, reason, final: true });
    if (this.backoff.exhausted) return this.tell("failed", { code, reason });
    const delay = this.backoff.next(end.least);
    this.timer = clock.after(() => this.open(), delay);
    this.tell("reconnecting", { attempt: this.backoff.attempt, delay, code, reason });
  }
}
