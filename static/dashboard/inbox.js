import { applied, emptyState, extended, marked, readThrough, removed, replaced, restored } from "./store.js";
import { view } from "./wishes.js";

/** @import { Item, Position, State } from "./store.js" */
/** @import { View, Wish } from "./wishes.js" */
/** @typedef {typeof import("./api.js")} Api */
/** @typedef {{ items: Item[], missed: boolean }} Arrival What has come, or was found after an absence. */

/**
 * The person's notifications: what the server said, what the person wished, and who wants to know of a change.
 *
 * Wishes show at once. One that fails is taken back and reported; it never touches what the server said.
 */
export class Inbox {
  /** @param {object} options @param {Pick<Api, "list"|"markRead"|"markUnread"|"markAllRead"|"remove"|"restore">} options.api
   * @param {() => void} options.changed @param {(arrival: Arrival) => void} options.arrived
   * @param {(error: Error) => void} options.failed */
  constructor({ api, changed, arrived, failed }) {
    this.api = api;
    this.changed = changed;
    this.arrived = arrived;
    this.failed = failed;
    this.state = emptyState();
    /** @type {Set<Wish>} */
    this.wishes = new Set();
    /** @type {Set<string>} What this page itself has just brought back, which is no news. */
    this.restoring = new Set();
    /** Milliseconds since the epoch: when the state was last known to be right. */
    this.asOf = 0;
  }

  /** @returns {View} */
  view() {
    return view(this.state, this.wishes);
  }

  /** Begin with what this page held before it was reloaded. @param {State} state @param {number} asOf */
  resume(state, asOf) {
    this.set(state);
    this.asOf = asOf;
  }

  /** @param {Record<string, any>} data Of an initial state, a snapshot or a REST answer. @param {Position} position */
  replace(data, position) {
    const before = this.state;
    this.set(replaced(before, data, position));
    if (before.phase !== "ready" || before === this.state) return;
    const items = [...this.state.items.values()].filter((item) => !item.read && isNewer(item, before));
    if (items.length > 0) this.arrived({ items, missed: true });
  }

  /** @param {Record<string, any>} message Of type `notification` or `unread_count`. */
  receive(message) {
    const { id } = message.data ?? {};
    const before = this.state.items.get(id);
    this.set(applied(this.state, message));
    const after = this.state.items.get(id);
    const opened = after && !after.read && (!before || (after.version > before.version && message.data.read === false));
    if (opened && !this.restoring.delete(id)) this.arrived({ items: [after], missed: false });
  }

  /** Ask the REST API for everything. @param {() => boolean} stillWanted @returns {Promise<boolean>} Whether it answered. */
  async poll(stillWanted) {
    try {
      const data = await this.api.list();
      if (stillWanted()) this.replace(data, null);
      return true;
    } catch {
      if (stillWanted() && this.state.phase === "loading") this.set({ ...this.state, phase: "error" });
      else this.changed();
      return false;
    }
  }

  async loadOlder() {
    const { next } = this.state;
    if (next === null) return;
    await this.attempt(null, async () => {
      const page = await this.api.list(next);
      if (this.state.next === next) this.set(extended(this.state, page));
    });
  }

  /** @param {string} id @param {boolean} read */
  mark(id, read) {
    const ask = read ? this.api.markRead : this.api.markUnread;
    return this.attempt({ kind: read ? "read" : "unread", id }, async () => {
      await ask(id);
      this.state = marked(this.state, id, read);
    });
  }

  /** Mark as read what this page has seen. @param {number | null} upTo The position on the stream that it has seen. */
  markAllRead(upTo) {
    return this.attempt({ kind: "readAll", upTo }, async () => {
      await this.api.markAllRead(upTo);
      this.state = readThrough(this.state, upTo ?? Number.POSITIVE_INFINITY);
    });
  }

  /** @param {Item} item @returns {Promise<boolean>} Whether it is deleted. */
  remove(item) {
    return this.attempt({ kind: "delete", id: item.id }, async () => {
      await this.api.remove(item.id);
      this.state = removed(this.state, item.id, this.state.items.get(item.id)?.version ?? item.version);
    });
  }

  /** Undo a delete. @param {Item} item */
  async restore(item) {
    this.restoring.add(item.id);
    const done = await this.attempt(null, async () => {
      const answer = await this.api.restore(item.id);
      if (answer.id === item.id) this.state = restored(this.state, /** @type {Item} */ (answer));
    });
    this.restoring.delete(item.id);
    return done;
  }

  /** Lay *wish* over the state until *work* is done. @param {Wish | null} wish @param {() => Promise<void>} work */
  async attempt(wish, work) {
    if (wish) this.wishes.add(wish);
    this.changed();
    try {
      await work();
      return true;
    } catch (error) {
      this.failed(/** @type {Error} */ (error));
      return false;
    } finally {
      if (wish) this.wishes.delete(wish);
      this.changed();
    }
  }

  /** @param {State} state */
  set(state) {
    this.state = state;
    if (state.phase === "ready") this.asOf = Date.now();
    this.changed();
  }
}

/** @param {Item} item @param {State} before */
function isNewer(item, before) {
  const held = before.items.get(item.id);
  if (held) return item.version > held.version && held.read;
  if (before.tombstones.has(item.id)) return false;
  for (const other of before.items.values()) if (other.created_at > item.created_at) return false;
  return true;
}
