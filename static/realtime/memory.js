/** @import { Clock, Options, Position, PositionMap } from "./types.js" */
/** @import { Following } from "./following.js" */

const KEY = "aether:following";
/** Of the record's shape; a page that was reloaded into another release must not read the old one's. */
const VERSION = 1;
/** Characters that a record may have. Browsers give a site about five million. */
const LARGEST = 1_000_000;
/** Milliseconds after which a record is no longer worth showing. */
const OLDEST = 3_600_000;

/**
 * @typedef {object} Remembered What an application lets the client remember over a reload.
 * @property {string} owner Whose it is: a record of anybody else is thrown away unread.
 * @property {string[]} topics Whose positions belong to the state.
 * @property {() => unknown} save Return the state as plain data, or null where there is nothing worth keeping.
 * @property {(state: any, savedAt: number) => void} restore Take the state back. One that cannot be used: throw.
 */

/**
 * Keeps positions over a reload, always together with the state that they belong to: both or neither.
 *
 * A record that is somebody else's, old, of another version, damaged or unusable is removed. A storage that is full
 * or forbidden means that nothing is remembered, and nothing worse.
 */
export class Memory {
  /** @param {Options["storage"]} storage @param {Clock} clock @param {Following} following */
  constructor(storage, clock, following) {
    this.storage = storage;
    this.clock = clock;
    this.following = following;
    /** @type {Remembered | null} */
    this.remembered = null;
  }

  /** Take back what was kept, and keep it from now on. @param {Remembered} remembered @returns {boolean} Whether there was anything. */
  begin(remembered) {
    this.remembered = remembered;
    const record = this.read(remembered);
    if (!record) return false;
    try {
      remembered.restore(record.state, record.at);
    } catch {
      this.remove();
      return false;
    }
    this.following.resume(record.positions, record.cursor);
    return true;
  }

  /** Write down where the page is. For the moment in which it may be about to go. */
  keep() {
    if (!this.remembered) return;
    const { owner, topics, save } = this.remembered;
    const positions = this.positionsOf(topics);
    const state = positions && save();
    if (!state) return this.remove();
    // One that covers topics whose state is not kept would continue those without it.
    const cursor = this.following.topics.every((name) => topics.includes(name)) ? this.following.cursor : null;
    const record = { version: VERSION, owner, topics, at: this.clock.now(), positions, cursor, state };
    this.write(JSON.stringify(record));
  }

  /** Keep nothing from now on, and nothing of what was kept. */
  forget() {
    this.remembered = null;
    this.remove();
  }

  /** @param {string[]} topics @returns {PositionMap | null} Null where one of them has none yet. */
  positionsOf(topics) {
    const { held } = this.following.positions;
    if (!topics.every((topic) => held.has(topic))) return null;
    return Object.fromEntries(topics.map((topic) => [topic, /** @type {Position} */ (held.get(topic))]));
  }

  /** @param {Remembered} remembered @returns {{ positions: PositionMap, cursor: string | null, at: number, state: any } | null} */
  read({ owner, topics }) {
    try {
      const record = JSON.parse(this.storage?.getItem(KEY) ?? "null");
      if (record === null) return null;
      const young = this.clock.now() - record.at < OLDEST;
      const same = record.version === VERSION && record.owner === owner && `${record.topics}` === `${topics}`;
      const positioned = topics.every((topic) => isPosition(record.positions[topic]));
      const cursor = typeof record.cursor === "string" ? record.cursor : null;
      if (young && same && positioned) return { ...record, cursor };
    } catch {
      // Damaged, or not to be read: either way there is nothing to continue from.
    }
    this.remove();
    return null;
  }

  /** @param {string} text */
  write(text) {
    try {
      if (text.length > LARGEST) throw new RangeError("The record is too big.");
      this.storage?.setItem(KEY, text);
    } catch {
      // What is there is older than what could not be written.
      this.remove();
    }
  }

  remove() {
    try {
      this.storage?.removeItem(KEY);
    } catch {
      // A storage that may not be used holds nothing of ours.
    }
  }
}

/** @param {any} value @returns {boolean} */
function isPosition(value) {
  return Number.isSafeInteger(value?.offset) && typeof value?.epoch === "string";
}
