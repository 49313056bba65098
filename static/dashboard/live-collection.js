import { Groups } from "./groups.js";

/**
 * @typedef {Record<string, any>} Data One object, as the server says it.
 * @typedef {{ offset: number, epoch: string } | null} Position Where in the stream a state stands; null for a REST answer.
 * @typedef {"loading" | "ready" | "stale" | "error"} Phase `stale`: shown, but nobody tells of changes at the moment.
 * @typedef {{ data: Data, at: number | null, turn: number }} Entry `at`: the offset that it came with.
 * @typedef {{ version: number, at: number | null, turn: number }} Tombstone
 * @typedef {{ ids: Set<string>, all: boolean }} Change `all` where a whole state came; phases are told with neither.
 */

/** Deletes that are remembered; the oldest go first. */
const TOMBSTONES = 20_000;

/**
 * What this page knows of the objects of a topic, by id: fed from snapshots, publications and REST answers.
 *
 * - Data is replaced only by a newer version; deletes leave a tombstone with theirs. What is created again later in the
 *   same stream is alive again, whatever its version is.
 * - A snapshot replaces everything but what came after it. One of another epoch replaces that too: the stream began anew.
 * - Listeners are told once for what comes together.
 *
 * It touches neither page nor network; `keepLive` feeds it.
 */
export class LiveCollection {
  /**
   * @param {object} options
   * @param {(work: () => void) => () => void} options.schedule Make of work what runs it once, soon; `coalesced` of dom.js.
   * @param {(data: Data) => string | undefined} [options.id] Undefined for what is no object of this collection.
   * @param {(data: any) => Data[]} [options.objects] Take the objects out of a snapshot's data or a REST answer.
   * @param {() => number} [options.now] Milliseconds.
   */
  constructor({ schedule, id = idOf, objects = objectsOf, now = Date.now }) {
    this.id = id;
    this.objects = objects;
    this.now = now;
    /** @type {Phase} */
    this.phase = "loading";
    /** @type {Error | null} Why there is nothing to show. */
    this.error = null;
    /** When the state was last known to be right, while nothing is live. */
    this.asOf = 0;
    /** @type {Position} */
    this.position = null;
    /** @type {Map<string, Entry>} */
    this.entries = new Map();
    /** @type {Map<string, Tombstone>} */
    this.tombstones = new Map();
    /** Counts what was applied, so that a REST answer is known to be older than what came after it was asked for. */
    this.turn = 0;
    this.groups = new Groups();
    /** @type {Set<(change: Change) => void>} */
    this.listeners = new Set();
    /** @type {Change} */
    this.untold = { ids: new Set(), all: false };
    this.tell = schedule(() => this.told());
  }

  get size() {
    return this.entries.size;
  }

  /** @param {string} id @returns {Data | undefined} */
  get(id) {
    return this.entries.get(id)?.data;
  }

  /** @returns {Data[]} In no order that means anything. */
  values() {
    return [...this.entries.values()].map(({ data }) => data);
  }

  /** @returns {Iterable<[string, number]>} Each id with its version. */
  *versions() {
    for (const [id, { data }] of this.entries) yield [id, versionOf(data)];
  }

  /** Keep the objects by what *valueIn* says of them, from now on. @param {string} name @param {(data: Data) => unknown} [valueIn] */
  index(name, valueIn = (data) => data[name]) {
    this.groups.add(name, valueIn, this.entries);
  }

  /** @param {string} name Of an index. @param {unknown} value @returns {Data[]} */
  where(name, value) {
    return [...this.groups.of(name, value)].flatMap((id) => this.get(id) ?? []);
  }

  /** @param {string} name Of an index. @param {unknown} value */
  count(name, value) {
    return this.groups.of(name, value).size;
  }

  /** Call *listener* after changes. @param {(change: Change) => void} listener @returns {() => void} What undoes it. */
  onChange(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /**
   * Take a whole state: a snapshot with its position, or a REST answer, which was asked for at *turn*.
   *
   * @param {any} state
   * @param {Position} position
   * @param {number} [turn]
   */
  replace(state, position, turn = this.turn) {
    const anew = position !== null && position.epoch !== this.position?.epoch;
    if (anew) this.clear();
    /** @param {Entry | Tombstone} held Whether it came after that state. */
    const later = (held) => (position && held.at !== null ? held.at > position.offset : held.turn > turn);
    const seen = new Set();
    for (const data of this.objects(state)) {
      const id = this.id(data);
      if (id === undefined) continue;
      seen.add(id);
      if (!this.outdated(id, data, position, later)) this.put(id, data, position?.offset ?? null);
    }
    for (const [id, entry] of this.entries)
      if (!seen.has(id) && !later(entry)) this.bury(id, versionOf(entry.data), position?.offset ?? null);
    if (position && (anew || position.offset > (this.position?.offset ?? -1))) this.position = { ...position };
    this.untold.all = true;
    this.enter(position ? "ready" : "stale");
  }

  /** Apply a publication. @param {Data} message */
  receive(message) {
    const data = message.data ?? {};
    const id = this.id(data);
    const offset = message.offset ?? null;
    if (id !== undefined && message.action === "deleted") {
      if (versionOf(data) >= versionOf(this.get(id))) this.bury(id, versionOf(data), offset);
    } else if (id !== undefined && this.isNews(id, data, message.action, offset)) this.put(id, data, offset);
    if (this.position && offset > this.position.offset) this.position = { ...this.position, offset };
    this.tell();
  }

  /** Changes come in again, and what was missed has come. */
  live() {
    if (this.phase === "stale") this.enter("ready");
  }

  /** Nobody tells of changes any longer. */
  lost() {
    if (this.phase === "ready") this.enter("stale");
  }

  /** There is no state to be had. @param {Error} error */
  fail(error) {
    if (this.phase === "ready" || this.phase === "stale") return;
    this.error = error;
    this.enter("error");
  }

  /** The person may not see it, or no longer: nothing of it stays. @param {Error} error */
  refuse(error) {
    this.clear();
    this.position = null;
    this.error = error;
    this.enter("error");
  }

  /** @param {Phase} phase */
  enter(phase) {
    this.phase = phase;
    if (phase !== "error") this.error = null;
    if (phase === "stale") this.asOf = this.now();
    this.tell();
  }

  /** Whether what is held is newer than a state's *data*. @param {string} id @param {Data} data @param {Position} position
   * @param {(held: Entry | Tombstone) => boolean} later */
  outdated(id, data, position, later) {
    const tombstone = this.tombstones.get(id);
    if (tombstone) return later(tombstone) && tombstone.version >= versionOf(data);
    const held = this.entries.get(id);
    if (!held) return false;
    const passed = position !== null && held.at !== null && held.at < position.offset;
    return !passed && (versionOf(held.data) > versionOf(data) || (later(held) && !position));
  }

  /** @param {string} id @param {Data} data @param {string} action @param {number | null} offset */
  isNews(id, data, action, offset) {
    const tombstone = this.tombstones.get(id);
    if (!tombstone) return !this.entries.has(id) || versionOf(data) > versionOf(this.get(id));
    const reborn = action === "created" && offset !== null && tombstone.at !== null && offset > tombstone.at;
    return reborn || versionOf(data) > tombstone.version;
  }

  /** @param {string} id @param {Data} data @param {number | null} at */
  put(id, data, at) {
    this.tombstones.delete(id);
    this.groups.move(id, this.get(id), data);
    this.turn += 1;
    this.entries.set(id, { data, at, turn: this.turn });
    this.untold.ids.add(id);
  }

  /** @param {string} id @param {number} version @param {number | null} at */
  bury(id, version, at) {
    const known = this.tombstones.get(id)?.version ?? 0;
    this.turn += 1;
    this.tombstones.delete(id);
    this.tombstones.set(id, { version: Math.max(version, known), at, turn: this.turn });
    for (const oldest of this.tombstones.keys()) {
      if (this.tombstones.size <= TOMBSTONES) break;
      this.tombstones.delete(oldest);
    }
    this.groups.move(id, this.get(id), undefined);
    if (this.entries.delete(id)) this.untold.ids.add(id);
  }

  clear() {
    for (const id of this.entries.keys()) this.untold.ids.add(id);
    this.entries.clear();
    this.tombstones.clear();
    this.groups.clear();
  }

  told() {
    const change = this.untold;
    this.untold = { ids: new Set(), all: false };
    for (const listener of [...this.listeners]) listener(change);
  }
}

/** An object's id in the page: ids of several kinds live in one topic. @param {Data} data @returns {string | undefined} */
export function idOf(data) {
  const id = data?.id ?? data?.job_id;
  if (id === undefined || id === null) return undefined;
  return data.kind === undefined ? `${id}` : `${data.kind}:${id}`;
}

/** @param {any} state A list, one object, or an object with lists in it. @returns {Data[]} */
export function objectsOf(state) {
  if (Array.isArray(state)) return state;
  if (idOf(state) !== undefined) return [state];
  return Object.values(state ?? {})
    .filter(Array.isArray)
    .flat();
}

/** @param {Data | undefined} data */
function versionOf(data) {
  return data?.version ?? 0;
}
