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
    /**
     * Where the last stream or poll stood, in the server's own opaque words. An old one is no harm: what it repeats
     * is dropped by the positions.
     *
     * @type {string | null}
     */
    this.cursor = null;
  }

  /** @returns {string[]} */
  get topics() {
    return [...this.subscriptions.wanted];
  }

  /** Whether a position is held of everything that the page follows, so that a connection can go on from there. */
  get resumable() {
    const { wanted } = this.subscriptions;
    return wanted.size > 0 && !wanted.has("all") && [...wanted].every((name) => this.positions.held.has(name));
  }

  /** @param {string | string[]} topics @param {boolean} [snapshot] @returns {string[]} */
  add(topics, snapshot) {
    return this.subscriptions.add(topics, snapshot);
  }

  /** @param {string | string[]} topics @returns {string[]} */
  remove(topics) {
    const names = this.subscriptions.remove(topics);
    this.positions.forget([...this.positions.expand(names)].filter((name) => !this.subscriptions.wanted.has(name)));
    this.cursor = null;
    return names;
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
