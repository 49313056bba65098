/** @import { Note } from "./notes.js" */

/**
 * What the person has asked for and the server has not confirmed yet, laid over what is known: it shows at once, and
 * taking a wish back is all that a rollback needs.
 *
 * @typedef {object} Wish
 * @property {(note: Note) => boolean} covers Which notifications it is about.
 * @property {(note: Note) => Note | null} change Null where it takes one away.
 */

/** @param {Note} note @param {Iterable<Wish>} wishes @returns {Note | null} */
export function wished(note, wishes) {
  /** @type {Note | null} */
  let seen = note;
  for (const wish of wishes) {
    if (seen === null) return null;
    // Whether it is covered is asked of what was there: what one wish changes, another still finds.
    if (wish.covers(note)) seen = wish.change(seen);
  }
  return seen;
}

/** A wish about those that are named. @param {Iterable<string>} ids @param {Wish["change"]} change @returns {Wish & { ids: Set<string> }} */
export function wishFor(ids, change) {
  const named = new Set(ids);
  return { ids: named, covers: ({ id }) => named.has(id), change };
}
