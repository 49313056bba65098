import { Away } from "./away.js";
import { besides } from "./grouping.js";
import { applied, emptyState, extended, marked, readThrough, removed, replaced, restored } from "./store.js";
import { view } from "./wishes.js";

/** @import { Beyond, Group } from "./grouping.js" */
/** @import { Item, Position, State } from "./store.js" */
/** @import { View, Wish } from "./wishes.js" */
/** @typedef {typeof import("./api.js")} Api */
/** Keys that are asked for at once, and notifications that a batch takes. */
const KEYS = 20;
const BATCH = 1_000;

/** @typedef {{ items: Item[], missed: boolean }} Arrival What has come, or was found after an absence. */

/**
 * The person's notifications: what the server said, what the person wished, and who wants to know of a change.
 *
 * Wishes show at once. One that fails is taken back and reported; it never touches what the server said.
 */
export class Inbox {
  /** @param {object} options @param {Pick<Api, "list"|"markRead"|"markUnread"|"markAllRead"|"remove"|"restore"|"listGroup"|"countGroups"|"batch">} options.api
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
    this.away = new Away();
    /** @type {Map<string, Beyond>} */
    this.beyond = new Map();
    /** @type {Map<string, string | null>} Where each group goes on. */
    this.cursors = new Map();
    /** Milliseconds since the epoch: when the state was last known to be right. */
    this.asOf = 0;
  }

  /** @returns {View} */
  view() {
    return { ...view(this.state, this.wishes), beyond: this.beyond };
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
    if (before !== this.state) {
      this.forgetGroups();
      this.countGroups();
    }
    if (before.phase !== "ready" || before === this.state) return;
    const items = [...this.state.items.values()].filter((item) => !item.read && isNewer(item, before));
    if (items.length > 0) this.arrived({ items, missed: true });
  }

  /** @param {Record<string, any>} message Of type `notification` or `unread_count`. */
  receive(message) {
    const { id } = message.data ?? {};
    const before = this.state.items.get(id);
    const returned = this.away.follow(message);
    this.set(applied(this.state, message));
    const after = this.state.items.get(id);
    const opened = after && !after.read && (!before || (after.version > before.version && message.data.read === false));
    if (opened && !this.restoring.delete(id) && !returned) this.arrived({ items: [after], missed: false });
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
      if (this.state.next !== next) return;
      this.state = extended(this.state, page);
      this.count(page.notifications);
      this.set(this.state);
    });
  }

  forgetGroups() {
    this.beyond = new Map();
    this.cursors.clear();
  }

  /** Take the counts of what is shown grouped. @param {Item[]} items */
  count(items) {
    const beyond = new Map(this.beyond);
    for (const { group_key: key, group_count: count, group_unread: unread } of items)
      if (key && count) beyond.set(key, besides(this.state.items.values(), key, { count, unread }));
    this.beyond = beyond;
  }

  /** Ask how many there are of the groups that may reach beyond what is held. What fails is asked for another time. */
  async countGroups() {
    const { next } = this.state;
    const keys = new Set([...this.state.items.values()].map((item) => item.group_key).filter(Boolean));
    if (next === null || keys.size === 0) return;
    const page = await this.api.countGroups([...keys].slice(0, KEYS)).catch(() => null);
    if (!page || this.state.next !== next) return;
    this.count(page.notifications);
    this.changed();
  }

  /** Ask for more of a group's notifications. @param {string} key */
  async loadGroup(key) {
    const rest = this.beyond.get(key);
    if (!rest || rest.count === 0) return;
    await this.attempt(null, async () => {
      const page = await this.api.listGroup(key, this.cursors.get(key) ?? null);
      const all = this.whole(key);
      this.cursors.set(key, page.next);
      this.state = { ...extended(this.state, page), next: this.state.next };
      const left = page.next === null ? { count: 0, unread: 0 } : besides(this.state.items.values(), key, all);
      this.beyond = new Map(this.beyond).set(key, left);
      this.set(this.state);
    });
  }

  /** How many of a group there are, held or not. @param {string} key @returns {Beyond} */
  whole(key) {
    let { count, unread } = this.beyond.get(key) ?? { count: 0, unread: 0 };
    for (const item of this.state.items.values()) {
      if (item.group_key !== key) continue;
      count += 1;
      unread += Number(!item.read);
    }
    return { count, unread };
  }

  /** Mark all of a group that had come when the person saw it. @param {Group} group @param {boolean} read */
  markGroup({ key, items }, read) {
    const wishes = items.map(({ id }) => /** @type {Wish} */ ({ kind: read ? "read" : "unread", id }));
    const seen = new Date(Date.parse(items[0]?.created_at) + 1).toISOString();
    return this.attempt(wishes, async () => {
      const filter = { group_key: [key], created_before: seen };
      const answer = await this.api.batch(read ? "read" : "unread", { filter });
      for (const { id } of items) this.state = marked(this.state, id, read);
      const { count } = this.beyond.get(key) ?? { count: 0 };
      this.beyond = new Map(this.beyond).set(key, { count, unread: read ? 0 : count });
      this.state = { ...this.state, unread: answer.unread_count ?? this.state.unread };
    });
  }

  /** @param {Group} group @returns {Promise<string[] | null>} The ids of what is deleted; null where it failed. */
  async removeGroup({ key, items }) {
    const wishes = items.map(({ id }) => /** @type {Wish} */ ({ kind: "delete", id }));
    let ids = items.map((item) => item.id);
    const done = await this.attempt(wishes, async () => {
      if ((this.beyond.get(key)?.count ?? 0) > 0) ids = await this.idsOf(key, ids);
      for (let at = 0; at < ids.length; at += BATCH) await this.api.batch("delete", { ids: ids.slice(at, at + BATCH) });
      for (const { id, version } of items)
        this.state = removed(this.state, id, this.state.items.get(id)?.version ?? version);
      this.beyond = new Map(this.beyond);
      this.beyond.delete(key);
    });
    return done ? ids : null;
  }

  /** @param {string} key @param {string[]} held @returns {Promise<string[]>} */
  async idsOf(key, held) {
    const ids = new Set(held);
    let cursor = null;
    do {
      const page = await this.api.listGroup(key, cursor);
      for (const item of page.notifications) ids.add(item.id);
      cursor = page.next;
    } while (cursor);
    return [...ids];
  }

  /** Undo the deletion of many; the server tells of each. @param {string[]} ids */
  async restoreAll(ids) {
    for (const id of ids) this.restoring.add(id);
    await this.attempt(null, async () => {
      for (let at = 0; at < ids.length; at += BATCH)
        await this.api.batch("restore", { ids: ids.slice(at, at + BATCH) });
    });
    for (const id of ids) this.restoring.delete(id);
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

  /** Lay *wish* over the state until *work* is done. @param {Wish | Wish[] | null} wish @param {() => Promise<void>} work */
  async attempt(wish, work) {
    const wishes = wish ? [wish].flat() : [];
    for (const one of wishes) this.wishes.add(one);
    this.changed();
    try {
      await work();
      return true;
    } catch (error) {
      this.failed(/** @type {Error} */ (error));
      return false;
    } finally {
      for (const one of wishes) this.wishes.delete(one);
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
