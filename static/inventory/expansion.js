import { digest } from "../dashboard/seen.js";

/** Of the record's shape; another one is thrown away. */
const VERSION = 1;
/** Choices that are kept; the oldest go first. */
const KEPT = 2_000;
/** VMs up to which hosts are open from the start. */
const FEW = 150;

/**
 * What of the tree a person has opened and closed, kept in the browser as `Seen` keeps what they saw: without names.
 *
 * While something is looked for, the way to what was found is open; what is closed meanwhile is so until then.
 */
export class Expansion {
  /** @param {{ storage: Pick<Storage, "getItem" | "setItem"> | null, user: string }} options */
  constructor({ storage, user }) {
    this.storage = storage;
    this.key = `aether:open:inventory:${digest(user)}`;
    /** @type {Map<string, boolean>} */
    this.chosen = this.read();
    /** @type {Set<string> | null} What was closed while something is looked for; null while nothing is. */
    this.closed = null;
    /** How many VMs there are. */
    this.vms = 0;
  }

  /** @param {boolean} searching */
  look(searching) {
    this.closed = searching ? new Set() : null;
  }

  /** @param {string} id @param {string} kind */
  isOpen(id, kind) {
    if (this.closed) return !this.closed.has(id);
    return this.chosen.get(digest(id)) ?? (kind !== "host" || this.vms <= FEW);
  }

  /** @param {Iterable<string>} ids @param {boolean} open */
  set(ids, open) {
    for (const id of ids) {
      if (this.closed) this.closed[open ? "delete" : "add"](id);
      else {
        this.chosen.delete(digest(id));
        this.chosen.set(digest(id), open);
      }
    }
    if (!this.closed) this.write();
  }

  /** @returns {Map<string, boolean>} */
  read() {
    try {
      const record = JSON.parse(this.storage?.getItem(this.key) ?? "null");
      if (record?.version === VERSION) return new Map(record.chosen);
    } catch {
      // Damaged, or not to be read: then everything is as on the first visit.
    }
    return new Map();
  }

  write() {
    const chosen = [...this.chosen].slice(-KEPT);
    try {
      this.storage?.setItem(this.key, JSON.stringify({ version: VERSION, chosen }));
    } catch {
      // A storage that is full or forbidden remembers nothing.
    }
  }
}
