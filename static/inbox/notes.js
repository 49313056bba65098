/**
 * A notification with the person's own marks.
 *
 * @typedef {Record<string, any> & { id: string, version: number, created_at: string, read: boolean, archived: boolean,
 *   saved: boolean, snoozed_until: string | null, offset: number | null }} Note
 * @typedef {{ note: Note, turn: number }} Entry
 * @typedef {{ kind: "opened" | "changed" | "gone", note: Note, before: Note | null }} News
 */

/** Marks of the person's own: what everybody is told of a notification need not say them. */
const MARKS = /** @type {const} */ (["read", "archived", "saved", "snoozed_until"]);

/**
 * What this page knows of the person's notifications, wherever they are: inbox, archive, snoozed ones.
 *
 * - Data is replaced only by a newer version; marks by those of the same version that came later.
 * - An answer of REST is older than what came after it was asked for: `turn` says which.
 * - Deletes leave a tombstone with their version.
 */
export class Notes {
  constructor() {
    /** @type {Map<string, Entry>} */
    this.entries = new Map();
    /** @type {Map<string, { version: number, turn: number }>} */
    this.tombstones = new Map();
    this.turn = 0;
  }

  /** @param {string} id */
  get(id) {
    return this.entries.get(id)?.note;
  }

  /** @returns {Note[]} In no order. */
  values() {
    return [...this.entries.values()].map(({ note }) => note);
  }

  /** Apply a publication. @param {Record<string, any>} message @returns {News[]} */
  receive(message) {
    const { action, data = {}, offset = null } = message;
    if (action === "read_through") return this.readThrough(data.up_to);
    if (action === "deleted") return this.remove(data.id, data.version ?? 0);
    if (action !== "created" && action !== "updated") return [];
    const tombstone = this.tombstones.get(data.id)?.version ?? 0;
    // A dismissal and its undoing carry the same version.
    if (action === "created" ? tombstone > data.version : tombstone >= data.version) return [];
    const before = this.get(data.id) ?? null;
    if (before && before.version > data.version) return [];
    // What is no mark of one's own and opens nothing says too little of one that is not here.
    if (!before && data.read === undefined) return [];
    if (before && before.version === data.version && data.read === undefined) return [];
    const opened = data.read === false && data.offset === undefined;
    const note = merged(before, opened ? { ...data, offset } : data);
    this.put(note);
    const came = !before || (data.read === false && note.version > before.version);
    return [{ kind: came ? "opened" : "changed", note, before }];
  }

  /** Take what REST answered to what was asked at *turn*. @param {Record<string, any>[]} items @param {number} turn */
  take(items, turn) {
    for (const item of items) {
      const tombstone = this.tombstones.get(item.id);
      if (tombstone && (tombstone.turn > turn || tombstone.version > item.version)) continue;
      const held = this.entries.get(item.id);
      if (held && (held.note.version > item.version || held.turn > turn)) continue;
      this.put(merged(null, item));
    }
  }

  /** Forget those of *ids* that REST, asked at *turn*, no longer has. @param {Iterable<string>} ids @param {number} turn */
  drop(ids, turn) {
    for (const id of ids) if ((this.entries.get(id)?.turn ?? 0) <= turn) this.entries.delete(id);
  }

  /** Let the server's word on one be known: what was asked for is done. @param {string} id @param {(note: Note) => Note | null} change */
  change(id, change) {
    const before = this.get(id);
    const after = before && change(before);
    if (after) this.put(after);
    else if (before) this.remove(id, before.version);
  }

  /** @param {number} upTo @returns {News[]} */
  readThrough(upTo) {
    const found = this.values().filter(({ read, offset }) => !read && offset !== null && offset <= upTo);
    return found.map((before) => {
      const note = { ...before, read: true };
      this.put(note);
      return { kind: "changed", note, before };
    });
  }

  /** @param {string} id @param {number} version @returns {News[]} */
  remove(id, version) {
    const before = this.get(id);
    if (before && before.version > version) return [];
    this.turn += 1;
    const known = this.tombstones.get(id)?.version ?? 0;
    this.tombstones.set(id, { version: Math.max(version, known), turn: this.turn });
    this.entries.delete(id);
    return before ? [{ kind: "gone", note: before, before }] : [];
  }

  /** @param {Note} note */
  put(note) {
    this.turn += 1;
    this.tombstones.delete(note.id);
    this.entries.set(note.id, { note, turn: this.turn });
  }
}

/** One of an answer of REST. @param {Record<string, any>} item */
export const noted = (item) => merged(null, item);

/** @param {Note | null} before @param {Record<string, any>} data @returns {Note} */
function merged(before, data) {
  const marks = MARKS.map((name) => [name, data[name] === undefined ? before?.[name] : data[name]]);
  const { read, archived, saved, snoozed_until: until } = Object.fromEntries(marks);
  const offset = data.offset === undefined ? (before?.offset ?? null) : data.offset;
  const own = { read: read === true, archived: archived === true, saved: saved === true, snoozed_until: until ?? null };
  return /** @type {Note} */ ({ ...data, version: data.version ?? 0, ...own, offset });
}

/** Newest first, as the server lists them. @param {Note} a @param {Note} b */
export function byAge(a, b) {
  if (a.created_at !== b.created_at) return a.created_at < b.created_at ? 1 : -1;
  return a.id < b.id ? 1 : a.id > b.id ? -1 : 0;
}
