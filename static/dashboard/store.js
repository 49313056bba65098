/**
 * What this page knows of the notifications: a pure reducer over snapshots, publications and the person's own wishes.
 *
 * - Data is replaced only by a newer version; deletes leave a tombstone with theirs.
 * - `offset` is where in the stream an item was last opened; null while that is pending. Mark-all-read goes by it.
 * - Counts are the server's; what happens between two of them is reckoned here.
 *
 * @typedef {Record<string, any> & { id: string, version: number, read: boolean, offset: number | null }} Item
 * @typedef {{ offset: number, epoch: string } | null} Position
 * @typedef {object} State
 * @property {"loading" | "ready" | "error"} phase
 * @property {Map<string, Item>} items
 * @property {Map<string, number>} tombstones Deleted ids with the version at which they were.
 * @property {number} unread
 * @property {number} total
 * @property {string | null} next The cursor of the next older page.
 * @property {Position} position Where in the stream this state stands; null where it came without one.
 */

/** @returns {State} */
export function emptyState() {
  return { phase: "loading", items: new Map(), tombstones: new Map(), unread: 0, total: 0, next: null, position: null };
}

/**
 * Replace everything by a snapshot (`position` given) or by a REST answer (null).
 *
 * A snapshot older than this state, which a refreshed connection can bring, is not news: publications have carried
 * this state past it.
 *
 * @param {State} state
 * @param {Record<string, any>} data
 * @param {Position} position
 * @returns {State}
 */
export function replaced(state, data, position) {
  const counts = { unread: data.unread_count, total: data.total_count ?? data.notifications.length };
  const same = position && state.position?.epoch === position.epoch ? state.position.offset - position.offset : null;
  if (same !== null && same > 0) return state;
  if (same === 0) return { ...state, ...counts };
  const items = new Map(data.notifications.map((/** @type {any} */ item) => [item.id, entered(item)]));
  return { ...emptyState(), ...counts, phase: "ready", items, next: data.next ?? null, position };
}

/** @param {State} state @param {Record<string, any>} page An older page. @returns {State} */
export function extended(state, page) {
  const items = new Map(state.items);
  for (const item of page.notifications) {
    if ((items.get(item.id)?.version ?? 0) >= item.version || buried(state, item)) continue;
    items.set(item.id, entered(item));
  }
  return { ...state, items, next: page.next ?? null, total: page.total_count ?? state.total };
}

/**
 * Apply one message of the topic. Returns the same object where it was no news.
 *
 * @param {State} state
 * @param {Record<string, any>} message
 * @returns {State}
 */
export function applied(state, message) {
  if (message.type === "unread_count") return recounted(state, message.unread_count);
  if (state.position && message.offset <= state.position.offset) return state;
  const after = change(state, message);
  const counted = typeof message.unread_count === "number" ? { ...after, unread: message.unread_count } : after;
  return moved(counted, message.offset);
}

/**
 * Take the server's count. None unread means that the pending ones of a snapshot are read too: the publications that
 * would have told their offsets are not sent to whoever got that snapshot.
 *
 * @param {State} state
 * @param {number} count
 * @returns {State}
 */
function recounted(state, count) {
  if (count > 0) return { ...state, unread: count };
  const items = new Map(state.items);
  for (const item of items.values())
    if (item.offset === null && !item.read) items.set(item.id, { ...item, read: true });
  return { ...state, items, unread: 0 };
}

/** @param {State} state @param {Record<string, any>} message @returns {State} */
function change(state, message) {
  if (message.action !== "deleted" && message.data && isAway(message.data)) return left(state, message.data);
  switch (message.action) {
    case "created":
      return opened(state, message);
    case "updated":
      return updated(state, message);
    case "deleted":
      return removed(state, message.data.id, message.data.version ?? 0);
    case "read_through":
      return readThrough(state, message.data.up_to);
    default:
      return state;
  }
}

/** @param {State} state @param {Record<string, any>} message @returns {State} */
function opened(state, message) {
  const { data } = message;
  // A mark of one's own says where the item was opened, which is not where the mark itself is.
  const offset = data.offset !== undefined ? data.offset : (message.offset ?? null);
  const held = state.items.get(data.id);
  // A dismissal and its undoing carry the same version, and `created` is only ever sent after what it undoes.
  if ((state.tombstones.get(data.id) ?? 0) > data.version) return state;
  if (held && held.version >= data.version) return held.offset === null ? put(state, { ...held, offset }) : state;
  const tombstones = new Map(state.tombstones);
  tombstones.delete(data.id);
  return put({ ...state, tombstones }, { ...data, read: data.read === true, offset });
}

/** @param {State} state @param {Record<string, any>} message @returns {State} */
function updated(state, message) {
  const { data, offset } = message;
  const held = state.items.get(data.id);
  if (!held)
    return data.read === undefined || buried(state, data) || beyond(state, data) ? state : opened(state, message);
  if (data.version < held.version) return state;
  if (data.version === held.version)
    return data.read === undefined ? state : put(state, { ...held, ...own(data, held), read: data.read });
  const reopened = data.read === false;
  return put(state, {
    ...data,
    ...own(data, held),
    read: data.read ?? held.read,
    offset: reopened ? (offset ?? null) : held.offset,
  });
}

/** The marks that a message may leave out, since they stay as they are. @param {any} data @param {any} held */
function own(data, held) {
  return { saved: data.saved ?? held.saved ?? false };
}

/** Whether the person keeps an item outside the inbox. @param {Record<string, any>} data */
function isAway(data) {
  return data.archived === true || typeof data.snoozed_until === "string";
}

/** Take out what was archived or snoozed; it may come back. @param {State} state @param {Record<string, any>} data */
function left(state, data) {
  const held = state.items.get(data.id);
  if (!held || held.version > data.version) return state;
  const items = new Map(state.items);
  items.delete(data.id);
  return { ...state, items, total: Math.max(0, state.total - 1), unread: less(state, held.read ? 0 : 1) };
}

/** @param {State} state @param {string} id @param {number} version @returns {State} */
export function removed(state, id, version) {
  const held = state.items.get(id);
  if (held && held.version > version) return state;
  const tombstones = new Map(state.tombstones).set(id, Math.max(version, state.tombstones.get(id) ?? 0));
  if (!held) return { ...state, tombstones };
  const items = new Map(state.items);
  items.delete(id);
  return { ...state, items, tombstones, total: Math.max(0, state.total - 1), unread: less(state, held.read ? 0 : 1) };
}

/** Mark as read what is held with an offset up to *upTo*. @param {State} state @param {number} upTo @returns {State} */
export function readThrough(state, upTo) {
  const items = new Map(state.items);
  let changed = 0;
  for (const item of items.values()) {
    if (item.read || item.offset === null || item.offset > upTo) continue;
    items.set(item.id, { ...item, read: true });
    changed += 1;
  }
  return { ...state, items, unread: less(state, changed) };
}

/** Note what the server has confirmed about one item's mark. @param {State} state @param {string} id @param {boolean} read */
export function marked(state, id, read) {
  const held = state.items.get(id);
  return held ? put(state, { ...held, read }) : state;
}

/** Bring back an item from the answer to a restore. @param {State} state @param {Item} item @returns {State} */
export function restored(state, item) {
  return isAway(item) ? left(state, item) : opened(state, { data: item, offset: item.offset ?? null });
}

/** @param {State} state @returns {Item[]} Newest first. */
export function newestFirst(state) {
  return [...state.items.values()].sort((a, b) => compare(b.created_at, a.created_at) || compare(b.id, a.id));
}

/** @param {State} state @param {Item} item @returns {State} */
function put(state, item) {
  const held = state.items.get(item.id);
  const unread = state.unread + Number(!item.read) - Number(held ? !held.read : false);
  const total = state.total + (held ? 0 : 1);
  return { ...state, items: new Map(state.items).set(item.id, item), unread: Math.max(0, unread), total };
}

/** @param {State} state @param {unknown} offset @returns {State} */
function moved(state, offset) {
  if (typeof offset !== "number" || !state.position) return state;
  return { ...state, position: { ...state.position, offset } };
}

/** @param {State} state @param {Record<string, any>} data */
function buried(state, data) {
  return (state.tombstones.get(data.id) ?? 0) >= data.version;
}

/** Whether an item lies among the older pages that were not loaded. @param {State} state @param {Record<string, any>} data */
function beyond(state, data) {
  if (state.next === null) return false;
  for (const item of state.items.values()) if (compare(item.created_at, data.created_at) < 0) return false;
  return true;
}

/** @param {any} item @returns {Item} */
function entered(item) {
  return { ...item, version: item.version ?? 0, read: item.read === true, offset: item.offset ?? null };
}

/** @param {State} state @param {number} count */
function less(state, count) {
  return Math.max(0, state.unread - count);
}

/** @param {string} a @param {string} b */
function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}
