/** @import { Ends, Message, Options, Transport } from "./types.js" */
/** @import { Verdict } from "./closing.js" */
/** @import { Following } from "./following.js" */
/** @import { Post, TabChannel } from "./tab-channel.js" */

/** Milliseconds in which the leader, which may be hidden but gets messages at once all the same, has to answer. */
const PATIENCE = 10_000;
/**
 * Milliseconds for which this tab's own connection and the leader's both deliver before the own one is closed. They may
 * be of two servers, of which one learns within a second what happened at the other.
 */
const OVERLAP = 3_000;
/** What concerns the leader's own connection and state. */
const LEADERS = new Set(["connection", "initial_state", "auth", "ping", "error"]);

/**
 * @typedef {object} Turns
 * @property {() => void} settled It brings everything from now on.
 * @property {() => void} alone It may not, and has to be replaced.
 * @property {() => void} silent Nor does the leader answer.
 */

/**
 * A connection whose other end is the tab that leads, and through it the server.
 *
 * It only ever takes the place of a connection of this tab's own that had everything, and goes as soon as it can no
 * longer be sure to bring everything: then the tab opens one of its own again, from its positions.
 */
export class SharedLink {
  /**
   * @param {Options} options @param {Ends & Turns} ends @param {Following} following
   * @param {{ channel: TabChannel, offer: Post, since: number }} from `since`: when what it replaces was connected.
   */
  constructor(options, ends, following, { channel, offer, since }) {
    /** @type {Transport} */
    this.transport = offer.transport;
    this.clientId = String(offer.clientId);
    /** @type {number | null} */
    this.latency = offer.latency;
    /** @type {Message | null} */
    this.notice = null;
    this.options = options;
    this.ends = ends;
    this.following = following;
    this.channel = channel;
    this.leader = offer.from;
    /** @type {number} How many messages the leader had passed on so far. */
    this.count = offer.count;
    this.connectedAt = since;
    this.ended = false;
    this.settled = false;
    /** Whether a connection of this tab's own is to take its place. */
    this.left = false;
    /** @type {any} */
    this.deadline = null;
    this.beat = options.clock.after(() => this.prove(), OVERLAP);
  }

  get ready() {
    return !this.ended;
  }

  /** By now nothing can come over the own connection that does not come over this one. */
  prove() {
    this.settled = true;
    this.rest();
    this.ends.settled();
  }

  covers() {
    return false;
  }

  /** What is new needs a connection of one's own, to begin with its state. */
  follow() {
    this.ends.alone();
  }

  leave() {
    this.channel.post("want", { topics: this.following.topics });
  }

  noted() {}

  /** @param {Message} message Its subscriptions are the leader's own business. */
  send(message) {
    if (this.ended || ["subscribe", "unsubscribe", "auth"].includes(message.type)) return false;
    this.channel.post("send", { message });
    return true;
  }

  /** Make sure that the leader is there, and have it make sure of the server. */
  probe() {
    this.ask(true);
  }

  /** Ask whether the leader is there: it may be frozen, or hang. @param {boolean} probe */
  ask(probe) {
    const { clock } = this.options;
    if (this.ended) return;
    clock.cancel(this.beat);
    clock.cancel(this.deadline);
    this.channel.post("ask", { probe });
    this.deadline = clock.after(() => this.ends.silent(), PATIENCE);
  }

  rest() {
    const { clock, pingInterval } = this.options;
    clock.cancel(this.beat);
    clock.cancel(this.deadline);
    this.beat = clock.after(() => this.ask(false), pingInterval);
  }

  close() {
    if (!this.ended) this.channel.post("leave");
    this.end();
  }

  /** @param {Verdict} end */
  lose(end) {
    if (this.ended) return;
    this.end();
    this.ends.lost(this, end);
  }

  end() {
    this.ended = true;
    this.options.clock.cancel(this.beat);
    this.options.clock.cancel(this.deadline);
  }

  /** @param {Post} post Of any tab. */
  read(post) {
    if (this.ended || post.from !== this.leader) return;
    if (this.settled) this.rest();
    if (post.kind === "message") this.take(post);
    if (post.kind === "alive") this.latency = post.latency;
    if (post.kind === "over") this.lose(post.end);
    if (post.kind === "bye") this.ends.alone();
  }

  /** @param {Post} post */
  take({ count, message, latency }) {
    // A tab that was frozen may have missed some.
    if (count !== this.count + 1) return this.ends.alone();
    this.count = count;
    this.latency = latency ?? this.latency;
    if (this.concerns(message)) this.ends.message(this, message);
  }

  /** Whether a message is for this tab, or for its leader only. @param {Message} message */
  concerns(message) {
    if (LEADERS.has(message.type) || message.status === "subscribed") return false;
    if (message.type === "subscription" && !message.denied) return false;
    // The leader asked for it: this tab has come as far by itself.
    if (message.type === "snapshot") return this.following.lacks(message);
    return true;
  }
}
