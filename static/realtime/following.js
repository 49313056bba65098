import { concerns } from "./concerning.js";
import { Positions } from "./positions.js";
import { Subscriptions } from "./subscriptions.js";

/** @import { Message, PositionMap } from "./types.js" */

/**
 * What the page follows and how far it has come: the part that outlives a connection, and its kind.
 */
export class Following {
  constructor() {
    this.positions = new Positions();
    this.subscriptions = new Subscriptions();
    /** @type {Set<string>} What other tabs follow over this one's connection. */
    this.lent = new Set();
    /**
     * Where the last stream or poll stood, in the server's own opaque words. An old one is no harm: what it repeats
     * is dropped by the positions.
     *
     * @type {string | null}
     */
    this.cursor = null;
  }

  /** @returns {string[]} What a connection has to follow. */
  get topics() {
    return [...new Set([...this.subscriptions.wanted, ...this.lent])];
  }

  /** Whether a position is held of everything that is followed, so that a connection can go on from there. */
  get resumable() {
    const { topics } = this;
    return topics.length > 0 && !topics.includes("all") && topics.every((name) => this.positions.held.has(name));
  }

  /** @param {string} name */
  follows(name) {
    return this.subscriptions.wanted.has(name) || this.lent.has(name);
  }

  /** Whether a message is for the page, and not only for another tab. @param {Message} message */
  concerns(message) {
    return concerns(this.subscriptions.wanted, message);
  }

  /** @param {string | string[]} topics @param {boolean} [snapshot] @returns {string[]} */
  add(topics, snapshot) {
    const begun = [topics].flat().filter((name) => this.lent.has(name) && !this.subscriptions.wanted.has(name));
    const names = this.subscriptions.add(topics, snapshot);
    // Where the other tabs have come is not where this page is, which has no state of them yet.
    this.subscriptions.add(begun, true);
    if (begun.length > 0) this.cursor = null;
    for (const name of begun) this.positions.restart(name);
    return names;
  }

  /** Follow for the other tabs exactly *topics*. @param {Set<string>} topics @returns {{ added: string[], removed: string[] }} */
  lend(topics) {
    const added = [...topics].filter((name) => !this.follows(name));
    const removed = [...this.lent].filter((name) => !topics.has(name) && !this.subscriptions.wanted.has(name));
    this.lent = new Set(topics);
    this.drop(removed);
    return { added, removed };
  }

  /** Whether a snapshot tells something that this page has not come to by itself. @param {Message} message */
  lacks({ topic, positions = {} }) {
    if (!this.subscriptions.wanted.has(topic) && !this.subscriptions.wanted.has("all")) return false;
    return Object.entries(positions).some(([name, position]) => {
      const held = this.positions.held.get(name);
      return !held || held.epoch !== position.epoch || held.offset < position.offset;
    });
  }

  /** @param {string | string[]} topics @returns {string[]} */
  remove(topics) {
    const names = this.subscriptions.remove(topics).filter((name) => !this.lent.has(name));
    this.drop(names);
    return names;
  }

  /** @param {string[]} names That are followed no longer. */
  drop(names) {
    if (names.length === 0) return;
    this.positions.forget([...this.positions.expand(names)].filter((name) => !this.follows(name)));
    this.cursor = null;
  }

  /** Take note of a message. @param {Message} message @returns {boolean} Whether it is new. */
  take(message) {
    if (!this.positions.admit(message)) return false;
    // Where an earlier connection's state stood says nothing of this one, which has none.
    if (message.type === "connection" && message.initial_state === false) this.positions.begin({});
    if (message.type === "initial_state") this.positions.begin(message.positions ?? message.data?.positions);
    if (message.type === "reset") this.positions.forget([message.topic]);
    if (message.type === "snapshot") this.positions.replace(message.positions);
    if (message.status === "subscribed") this.positions.subscribed(message.positions);
    if (message.type === "subscription")
      for (const { topic } of message.denied ?? []) {
        this.subscriptions.wanted.delete(topic);
        this.lent.delete(topic);
        this.positions.forget([topic]);
      }
    return true;
  }

  /** Continue from what was kept. @param {PositionMap} positions @param {string | null} cursor */
  resume(positions, cursor) {
    this.positions.replace(positions);
    this.cursor = cursor;
  }
}
