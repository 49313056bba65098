import { newestFirst } from "./store.js";

/** @import { State, Item } from "./store.js" */

/**
 * What the person has asked for and the server has not answered yet, laid over the state: it shows at once, and
 * taking a wish back is all that a rollback needs.
 *
 * @typedef {{ kind: "read" | "unread" | "delete", id: string } | { kind: "readAll", upTo: number | null }} Wish
 * @typedef {object} View What the page shows.
 * @property {State["phase"]} phase
 * @property {Item[]} items Newest first.
 * @property {number} unread
 * @property {number} total
 * @property {string | null} next
 * @property {ReadonlyMap<string, import("./grouping.js").Beyond>} [beyond] What there is of groups besides these.
 */

/** @param {State} state @param {Iterable<Wish>} wishes @returns {View} */
export function view(state, wishes) {
  const all = [...wishes];
  const shown = newestFirst(state).flatMap((item) => wished(item, all) ?? []);
  const before = [...state.items.values()].filter((item) => !item.read).length;
  const after = shown.filter((item) => !item.read).length;
  const unheld = Math.max(0, state.unread - before);
  const everything = all.some((wish) => wish.kind === "readAll");
  return {
    phase: state.phase,
    items: shown,
    unread: after + (everything ? 0 : unheld),
    total: Math.max(0, state.total - (state.items.size - shown.length)),
    next: state.next,
  };
}

/** @param {Item} item @param {Wish[]} wishes @returns {Item | null} Null where it is wished away. */
function wished(item, wishes) {
  let { read } = item;
  for (const wish of wishes) {
    if (wish.kind === "readAll") read ||= covers(wish.upTo, item.offset);
    else if (wish.id === item.id && wish.kind === "delete") return null;
    else if (wish.id === item.id) read = wish.kind === "read";
  }
  return read === item.read ? item : { ...item, read };
}

/** @param {number | null} upTo Null where no position is known: then all that is held is meant. @param {number | null} offset */
function covers(upTo, offset) {
  return upTo === null || (offset !== null && offset <= upTo);
}
