/** @import { PositionMap } from "./types.js" */

/** The topics that the page wants to follow, whether or not there is a connection. */
export class Subscriptions {
  constructor() {
    /** @type {Set<string>} */
    this.wanted = new Set();
    /** @type {Set<string>} Those whose state is wanted too, as long as no position of theirs is held. */
    this.stateful = new Set();
    this.lastId = 0;
  }

  /** @param {string | string[]} topics @param {boolean} [snapshot] @returns {string[]} */
  add(topics, snapshot = false) {
    const names = [topics].flat();
    for (const name of names) {
      this.wanted.add(name);
      if (snapshot) this.stateful.add(name);
    }
    return names;
  }

  /** @param {string | string[]} topics @returns {string[]} */
  remove(topics) {
    const names = [topics].flat();
    for (const name of names) {
      this.wanted.delete(name);
      this.stateful.delete(name);
    }
    return names;
  }

  /** A request id that no earlier request of this page had. */
  nextId() {
    this.lastId += 1;
    return this.lastId;
  }
}

/**
 * @param {number} id
 * @param {string[]} topics
 * @param {PositionMap} since
 * @param {boolean} [snapshot] Whether the topics' state is wanted, too.
 */
export function subscriptionMessage(id, topics, since, snapshot = false) {
  const message = { type: "subscribe", id, topics };
  if (snapshot) return { ...message, snapshot };
  return Object.keys(since).length > 0 ? { ...message, since } : message;
}
