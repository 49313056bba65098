import { digest, pageStorage, Seen } from "../dashboard/seen.js";

/** @import { State } from "../dashboard/store.js" */

/** Under it the time of the newest that was seen is kept: what is older is not new, however late it is loaded. */
const NEWEST = "";

/**
 * What is new or has changed since the person last looked: before the page was opened, or while it was hidden. What comes
 * before their eyes needs no mark.
 */
export class Marks {
  /** @param {{ user: string, changed: () => void }} options */
  constructor({ user, changed }) {
    this.changed = changed;
    this.seen = new Seen({ storage: pageStorage(), user, page: "inbox" });
    /** @type {Map<string, "new" | "changed">} */
    this.marks = new Map();
    /** @type {State | null} */
    this.state = null;
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") this.left();
      else this.look();
    });
    addEventListener("pagehide", () => this.left());
  }

  /** @param {string} id */
  of(id) {
    return this.marks.get(id) ?? null;
  }

  /** Take the newest notifications as they are by now. @param {State} state */
  take(state) {
    if (state.phase !== "ready") return;
    const first = this.state === null;
    this.state = state;
    if (!first) return;
    if (this.seen.versions) this.look();
    else this.left();
  }

  look() {
    this.marks.clear();
    const newest = this.seen.versions?.get(digest(NEWEST));
    if (!this.state || newest === undefined) return;
    for (const { id, version, created_at: created } of this.state.items.values()) {
      const since = this.seen.since(id, version);
      if (since === "changed" || (since === "new" && Date.parse(created) > newest)) this.marks.set(id, since);
    }
    this.changed();
  }

  left() {
    const { state } = this;
    if (!state) return;
    this.seen.lookAtAll({
      *versions() {
        let newest = 0;
        for (const { id, version, created_at: created } of state.items.values()) {
          newest = Math.max(newest, Date.parse(created));
          yield/** @type {[string, number]} */ ([id, version]);
        }
        yield [NEWEST, newest];
      },
    });
  }
}
