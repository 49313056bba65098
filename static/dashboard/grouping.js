/** @import { Item } from "./store.js" */

/**
 * Notifications with the same key, which are one entry of a list.
 *
 * @typedef {object} Group
 * @property {string} id Of the entry; no notification has it.
 * @property {string} key
 * @property {Item[]} items Those that this page holds, newest first; never empty.
 * @property {number} count How many there are, those that are not held included.
 * @property {number} unread
 * @typedef {Item | Group} Entry
 * @typedef {{ count: number, unread: number }} Beyond What there is of a group besides what is held.
 */

/** @type {Beyond} */
const NOTHING = { count: 0, unread: 0 };

/** @param {Entry} entry @returns {entry is Group} */
export function isGroup(entry) {
  return Array.isArray(entry.items);
}

/**
 * Fold a list into entries; a group stands where its newest notification does.
 *
 * @param {Item[]} items Newest first.
 * @param {ReadonlyMap<string, Beyond>} [beyond] By key.
 * @returns {Entry[]}
 */
export function entries(items, beyond = new Map()) {
  /** @type {Map<string, Group>} */
  const groups = new Map();
  /** @type {Entry[]} */
  const found = [];
  for (const item of items) {
    const key = item.group_key;
    if (typeof key !== "string") {
      found.push(item);
      continue;
    }
    let group = groups.get(key);
    if (!group) {
      const rest = beyond.get(key) ?? NOTHING;
      group = { id: `group:${key}`, key, items: [], count: rest.count, unread: rest.unread };
      groups.set(key, group);
      found.push(group);
    }
    group.items.push(item);
    group.count += 1;
    group.unread += Number(!item.read);
  }
  return found;
}

/**
 * Reckon what there is of a group besides what is held, from the server's two counts.
 *
 * @param {Iterable<Item>} held All that this page holds.
 * @param {string} key
 * @param {Beyond} all
 * @returns {Beyond}
 */
export function besides(held, key, all) {
  let { count, unread } = all;
  for (const item of held) {
    if (item.group_key !== key) continue;
    count -= 1;
    unread -= Number(!item.read);
  }
  return { count: Math.max(0, count), unread: Math.max(0, unread) };
}
