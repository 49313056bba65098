/** @import { LiveCollection } from "./live-collection.js" */

/** Of the record's shape; another one is thrown away. */
const VERSION = 1;
/** Characters that a record may have. Browsers give a site about five million. */
const LARGEST = 1_000_000;

/**
 * What a person has seen of a collection, in which version: the rest has changed since they last looked.
 *
 * Kept in the browser for each person and page, without the objects' names: a shared machine keeps no inventory. What
 * cannot be stored is not marked, and nothing worse. On the first visit nothing is new.
 */
export class Seen {
  /**
   * @param {object} options
   * @param {Pick<Storage, "getItem" | "setItem"> | null} options.storage May throw.
   * @param {string} options.user
   * @param {string} options.page
   */
  constructor({ storage, user, page }) {
    this.storage = storage;
    this.key = `aether:seen:${page}:${digest(user)}`;
    /** @type {Map<string, number> | null} Versions by digest; null before the first visit has seen anything. */
    this.versions = this.read();
  }

  /**
   * Say what has changed about one object since the person last looked.
   *
   * @param {string} id
   * @param {number} version
   * @returns {"new" | "changed" | null}
   */
  since(id, version) {
    if (!this.versions) return null;
    const seen = this.versions.get(digest(id));
    if (seen === undefined) return "new";
    return seen === version ? null : "changed";
  }

  /** @param {Pick<LiveCollection, "versions">} collection @returns {Set<string>} The ids of what has changed. */
  changed(collection) {
    const ids = new Set();
    for (const [id, version] of collection.versions()) if (this.since(id, version)) ids.add(id);
    return ids;
  }

  /** The person has looked at one of them. @param {string} id @param {number} version */
  look(id, version) {
    this.versions?.set(digest(id), version);
  }

  /** The person has looked at everything; kept from now on. @param {Pick<LiveCollection, "versions">} collection */
  lookAtAll(collection) {
    this.versions = new Map([...collection.versions()].map(([id, version]) => [digest(id), version]));
    this.write();
  }

  /**
   * Begin, as soon as there is a state, and let what was shown be seen when the person leaves the page or hides it.
   *
   * @param {LiveCollection} collection
   * @param {EventTarget & { visibilityState: string }} page The document.
   */
  follow(collection, page) {
    const shown = () => collection.phase === "ready" || collection.phase === "stale";
    if (!this.versions) {
      const stop = collection.onChange(() => {
        if (!shown()) return;
        stop();
        this.lookAtAll(collection);
      });
    }
    page.addEventListener("visibilitychange", () => {
      if (page.visibilityState === "hidden" && shown()) this.lookAtAll(collection);
    });
  }

  /** @returns {Map<string, number> | null} */
  read() {
    try {
      const record = JSON.parse(this.storage?.getItem(this.key) ?? "null");
      if (record?.version === VERSION) return new Map(Object.entries(record.seen));
    } catch {
      // Damaged, or not to be read: then it is as on the first visit.
    }
    return null;
  }

  write() {
    const text = JSON.stringify({ version: VERSION, seen: Object.fromEntries(this.versions ?? []) });
    try {
      if (text.length <= LARGEST) this.storage?.setItem(this.key, text);
    } catch {
      // A storage that is full or forbidden remembers nothing.
    }
  }
}

/** @returns {Storage | null} Null where the person does not allow it. */
export function pageStorage() {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

/** A short name for *text* that does not say it: 53 bits of two multiplicative hashes (cyrb53). @param {string} text */
export function digest(text) {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return (4294967296 * (2097151 & low) + (high >>> 0)).toString(36);
}
