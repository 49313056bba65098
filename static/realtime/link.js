import { verdict } from "./closing.js";
import { Introduction } from "./introduction.js";
import { subscriptionMessage } from "./subscriptions.js";

/** @import { Ends, Message, Options, Socket, Transport } from "./types.js" */
/** @import { Verdict } from "./closing.js" */
/** @import { Following } from "./following.js" */

const PROTOCOL = "aether.v1.json";
const OPEN = 1;
/** Milliseconds for the handshake and the first message, and for the answer to a ping. */
const PATIENCE = 10_000;
/** Milliseconds for which the server surely remembers where the initial state stood that it sent. */
const GRACE = 20_000;

/**
 * One WebSocket from its handshake to its end: it reads messages, subscribes, answers pings, and notices a dead peer.
 */
export class Link {
  /** @param {Options} options @param {Ends} ends @param {Following} following */
  constructor(options, ends, following) {
    /** @type {Transport} */
    this.transport = "websocket";
    this.options = options;
    this.ends = ends;
    this.following = following;
    this.ended = false;
    /** @type {Message | null} The server's `disconnect`, which explains the close that follows it. */
    this.notice = null;
    this.clientId = "";
    this.connectedAt = 0;
    /** Whether a ping waits for an answer. */
    this.waiting = false;
    this.pingedAt = 0;
    /** @type {number | null} Milliseconds between the last ping and its answer. */
    this.latency = null;
    this.deadline = options.clock.after(() => this.fail("The server did not answer."), PATIENCE);
    /** @type {any} The timer of the next ping. */
    this.beat = null;
    /** @type {Map<number, string[]>} What was asked for and not answered yet, by request id. */
    this.asked = new Map();
    /** @type {Set<string>} What the server has said that this connection follows. */
    this.confirmed = new Set();
    /** Whether the greeting is complete: with the initial state, which subscriptions continue from, or without. */
    this.greeted = false;
    this.introduction = new Introduction(options, this);
    /** Whether the page goes on from its positions and needs no initial state. */
    this.resuming = following.resumable;
    this.socket = this.dial();
  }

  get ready() {
    return !this.ended && this.clientId !== "";
  }

  /** Whether the server has answered for everything that the page wants. */
  get settled() {
    return this.greeted && this.asked.size === 0;
  }

  /** @param {string} name */
  covers(name) {
    return this.confirmed.has(name);
  }

  /** Subscribe to *topics*, or leave it to the greeting, after which everything is. @param {string[]} topics */
  follow(topics) {
    const wanted = topics.filter((name) => this.following.follows(name));
    if (!this.greeted || wanted.length === 0) return;
    const late = this.options.clock.now() - this.connectedAt > GRACE;
    const since = this.following.positions.since(wanted, late);
    const bare = wanted.filter((name) => this.lacksState(name, since));
    const held = wanted.filter((name) => !bare.includes(name));
    if (held.length > 0) this.ask(held, since, false);
    if (bare.length > 0) this.ask(bare, {}, true);
  }

  /** Whether a topic's state is asked for: no position of it is held, and no initial state has come or would have it.
   * @param {string} name @param {import("./types.js").PositionMap} since */
  lacksState(name, since) {
    const { positions, subscriptions } = this.following;
    // Another tab that follows it has its state.
    if (!subscriptions.wanted.has(name)) return false;
    if (this.resuming) return name === "all" || !since[name];
    return subscriptions.stateful.has(name) && !positions.held.has(name);
  }

  /** @param {string[]} topics @param {import("./types.js").PositionMap} since @param {boolean} snapshot */
  ask(topics, since, snapshot) {
    const message = subscriptionMessage(this.following.subscriptions.nextId(), topics, since, snapshot);
    this.asked.set(message.id, topics);
    this.send(message);
  }

  /** @param {string[]} topics */
  leave(topics) {
    for (const name of topics) this.confirmed.delete(name);
    if (this.greeted) this.send({ type: "unsubscribe", topics });
  }

  /** @param {Message} message */
  noted(message) {
    const last = message.type === "initial_state" || (message.type === "connection" && message.initial_state === false);
    if (last) {
      this.greeted = true;
      this.follow(this.following.topics);
    }
    if (message.status === "subscribed") for (const name of message.topics ?? []) this.confirmed.add(name);
    if (message.status === "unsubscribed") for (const name of message.topics ?? []) this.confirmed.delete(name);
    if (message.type === "subscription" || message.type === "error") this.answered(message);
  }

  /** An answer to a subscribe, good or bad; a temporary error asks again. @param {Message} message */
  answered({ id, temporary }) {
    const topics = this.asked.get(id);
    this.asked.delete(id);
    if (!topics || !temporary) return;
    this.asked.set(id, topics);
    const again = () => this.asked.delete(id) && this.follow(topics);
    this.options.clock.after(() => !this.ended && again(), 1_000 + 1_000 * this.options.random());
  }

  /** @param {Message} message @returns {boolean} Whether it went out. */
  send(message) {
    if (this.ended || this.socket.readyState !== OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  /** Make sure that the peer is there: without any answer in time, the link is lost. */
  probe() {
    const { clock, pingInterval } = this.options;
    if (!this.ready) return;
    clock.cancel(this.beat);
    this.beat = clock.after(() => this.probe(), pingInterval);
    if (this.waiting) return;
    this.waiting = true;
    this.pingedAt = clock.now();
    this.send({ type: "ping" });
    this.deadline = clock.after(() => this.fail("The server stopped answering."), PATIENCE);
  }

  /** End the link from this side, telling the owner nothing. @param {number} [code] @param {string} [reason] */
  close(code = 1000, reason = "") {
    this.end();
    this.socket.close(code, reason);
  }

  dial() {
    const { Socket, url } = this.options;
    const address = this.resuming ? `${url}${url.includes("?") ? "&" : "?"}state=none` : url;
    const socket = new Socket(address, [PROTOCOL]);
    socket.onopen = () => this.introduction.begin();
    socket.onmessage = (event) => this.receive(event.data);
    socket.onclose = (event) => this.lose(verdict(event, this.notice));
    return socket;
  }

  /** @param {string} reason */
  fail(reason) {
    if (this.ended) return;
    // A peer that is gone never completes the closing handshake: the owner must not wait for `onclose`.
    this.socket.close();
    this.lose({ action: "retry", least: 0, code: 1006, reason });
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
    this.options.clock.cancel(this.beat);
    this.introduction.stop();
  }

  /** @param {any} text */
  receive(text) {
    const message = parse(text);
    if (this.ended || !message) return;
    this.heard(message);
    for (const one of message.type === "batch" ? batched(message) : [message]) this.take(one);
  }

  /** Whatever comes shows that the peer lives. @param {Message} message */
  heard(message) {
    if (!this.clientId) return;
    if (message.type === "pong") this.latency = this.options.clock.now() - this.pingedAt;
    this.waiting = false;
    this.options.clock.cancel(this.deadline);
  }

  /** @param {Message} message */
  take(message) {
    if (this.ended) return;
    if (message.type === "ping") this.send({ type: "pong" });
    if (message.type === "disconnect") this.notice = message;
    if (message.type === "connection") this.welcome(message);
    if (message.type === "auth") this.introduction.accepted(message);
    this.ends.message(this, message);
    if (message.type === "error" && message.code === "unauthorized" && !this.clientId) this.refused();
  }

  /** The server waits for a login that this page does not have. */
  refused() {
    this.socket.close();
    this.lose({ action: "stop", least: 0, code: 1008, reason: "Unauthorized" });
  }

  /** @param {Message} message */
  welcome(message) {
    this.clientId = String(message.client_id);
    this.introduction.greeted();
    this.connectedAt = this.options.clock.now();
    this.heard(message);
    this.probe();
    this.ends.opened(this);
  }
}

/** @param {any} text @returns {Message | null} Null for what no message can be. */
function parse(text) {
  try {
    const message = JSON.parse(text);
    return typeof message?.type === "string" ? message : null;
  } catch {
    return null;
  }
}

/** @param {Message} message @returns {Message[]} */
function batched(message) {
  return Array.isArray(message.messages) ? message.messages.filter((one) => typeof one?.type === "string") : [];
}
