/** @import { Message, Position, PositionMap } from "./types.js" */

/**
 * How far this page has come on each topic, so that a reconnect continues and nothing is handed on twice.
 *
 * A position is only held together with the state it belongs to: it starts with an initial state, a snapshot or the
 * answer to a subscribe, and moves with each publication that was handed on.
 */
export class Positions {
  constructor() {
    /** @type {Map<string, Position>} */
    this.held = new Map();
    /** @type {PositionMap} Where the current connection's initial state stood. */
    this.start = {};
  }

  /** @param {PositionMap | undefined} positions Of an `initial_state`. */
  begin(positions) {
    this.start = positions ?? {};
  }

  /**
   * Return what to send as `since` with a subscribe to *topics*; those without a position are left to the server,
   * which continues from the initial state it has just sent. When that is *late*, it no longer remembers where.
   *
   * @param {Iterable<string>} topics
   * @param {boolean} [late]
   * @returns {PositionMap}
   */
  since(topics, late = false) {
    /** @type {PositionMap} */
    const since = {};
    for (const topic of this.expand(topics)) {
      const position = this.held.get(topic);
      if (position) since[topic] = { ...position };
      else if (this.start[topic]) {
        this.held.set(topic, { ...this.start[topic] });
        if (late) since[topic] = { ...this.start[topic] };
      }
    }
    return since;
  }

  /**
   * Say whether a message is new, and take note of its offset. Messages without an offset are always new.
   *
   * A publication of `jobs` moves `jobs` and `jobs:7` alike. It is dropped when no position is behind it.
   *
   * @param {Message} message
   */
  admit(message) {
    const { topic, offset } = message;
    if (typeof topic !== "string" || typeof offset !== "number") return true;
    const covering = [...this.held].filter(([name]) => name === topic || name.startsWith(`${topic}:`));
    const behind = covering.filter(([, position]) => position.offset < offset);
    for (const [, position] of behind) position.offset = offset;
    return covering.length === 0 || behind.length > 0;
  }

  /**
   * Take positions from the answer to a subscribe: only those that nothing is held of, since the answer may tell
   * of publications that are still on their way.
   *
   * @param {PositionMap | undefined} positions
   */
  subscribed(positions) {
    for (const [topic, position] of Object.entries(positions ?? {})) {
      if (this.held.get(topic)?.epoch !== position.epoch) this.held.set(topic, { ...position });
    }
  }

  /** @param {PositionMap | undefined} positions Of a `snapshot`, whose state replaces what was there. */
  replace(positions) {
    for (const [topic, position] of Object.entries(positions ?? {})) this.held.set(topic, { ...position });
  }

  /** @param {Iterable<string>} topics That were reset or are followed no longer. */
  forget(topics) {
    for (const topic of this.expand(topics)) this.held.delete(topic);
  }

  /** Know nothing of a topic, as if it were never followed. @param {string} topic */
  restart(topic) {
    this.held.delete(topic);
    delete this.start[topic];
  }

  /** @param {Iterable<string>} topics @returns {Set<string>} `all` stands for whatever a position is known of. */
  expand(topics) {
    const names = new Set(topics);
    if (names.delete("all")) for (const name of [...this.held.keys(), ...Object.keys(this.start)]) names.add(name);
    return names;
  }
}
