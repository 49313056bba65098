import { emptyState } from "./store.js";

/** @import { State } from "./store.js" */

/**
 * Return what is kept of a state over a reload, as plain data; null while there is nothing.
 *
 * All of it or nothing: a list with a hole could not be continued by "Load older".
 *
 * @param {State} state
 */
export function packed(state) {
  if (state.phase !== "ready") return null;
  const { unread, total, next, position } = state;
  return { items: [...state.items.values()], tombstones: [...state.tombstones], unread, total, next, position };
}

/**
 * Return the state that `packed` made *kept* of.
 *
 * @param {any} kept
 * @returns {State} Raises TypeError for what cannot be such.
 */
export function unpacked(kept) {
  const { items, tombstones, unread, total, next, position } = kept;
  const counted = Number.isSafeInteger(unread) && Number.isSafeInteger(total);
  const listed = Array.isArray(items) && items.every((item) => typeof item?.id === "string" && item.version >= 0);
  const placed = position === null || (Number.isSafeInteger(position?.offset) && typeof position?.epoch === "string");
  if (!counted || !listed || !placed) throw new TypeError("This is no state of an inbox.");
  const map = new Map(items.map((item) => [item.id, item]));
  return {
    ...emptyState(),
    phase: "ready",
    items: map,
    tombstones: new Map(tombstones),
    unread,
    total,
    next,
    position,
  };
}
