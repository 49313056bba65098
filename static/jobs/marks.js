/** @import { LiveCollection } from "../dashboard/live-collection.js" */
/** @import { Seen } from "../dashboard/seen.js" */

/**
 * What has changed since the person last looked: what did before the page was opened, or while it was hidden. What
 * changes before their eyes needs no mark.
 */
export class Marks {
  /**
   * @param {object} options
   * @param {Seen} options.seen
   * @param {LiveCollection} options.collection
   * @param {EventTarget & { visibilityState: string }} options.page The document.
   * @param {() => void} options.changed
   */
  constructor({ seen, collection, page, changed }) {
    this.seen = seen;
    this.collection = collection;
    /** @type {Map<string, "new" | "changed">} */
    this.marks = new Map();
    const stop = collection.onChange(() => {
      if (collection.phase !== "ready" && collection.phase !== "stale") return;
      stop();
      this.look();
      changed();
    });
    seen.follow(collection, page);
    page.addEventListener("visibilitychange", () => {
      if (page.visibilityState === "hidden") return;
      this.look();
      changed();
    });
  }

  get size() {
    return this.marks.size;
  }

  /** @param {string} id */
  of(id) {
    return this.marks.get(id) ?? null;
  }

  look() {
    this.marks.clear();
    for (const [id, version] of this.collection.versions()) {
      const since = this.seen.since(id, version);
      if (since) this.marks.set(id, since);
    }
  }
}
