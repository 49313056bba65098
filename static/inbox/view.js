import { byAge } from "./notes.js";
import { difference, NAMES } from "./tabs.js";
import { wished } from "./wishes.js";

/** @import { Note } from "./notes.js" */
/** @import { Tab } from "./tabs.js" */
/** @import { Wish } from "./wishes.js" */

const NOTHING = /** @type {Record<Tab, number>} */ (Object.fromEntries(NAMES.map((name) => [name, 0])));

/**
 * Return what the list shows, newest first, with the person's wishes laid over it; and what these make of the tabs'
 * counts.
 *
 * @param {readonly Note[]} known
 * @param {object} view
 * @param {ReadonlySet<Wish>} view.wishes
 * @param {(note: Note) => boolean} view.accepts
 * @param {(note: Note) => boolean} view.keeps Whether it stays though it no longer belongs there.
 * @param {ReadonlySet<string>} view.waiting What is held back.
 */
export function shownOf(known, { wishes, accepts, keeps, waiting }) {
  /** @type {Note[]} */
  const notes = [];
  let delta = NOTHING;
  for (const note of known) {
    const seen = wishes.size > 0 ? wished(note, wishes) : note;
    if (seen !== note) delta = sum(delta, difference(note, seen));
    if (seen && !waiting.has(seen.id) && (accepts(seen) || keeps(seen))) notes.push(seen);
  }
  return { notes: notes.sort(byAge), delta };
}

/** @param {Record<Tab, number>} a @param {Record<Tab, number>} b */
function sum(a, b) {
  return /** @type {Record<Tab, number>} */ (Object.fromEntries(NAMES.map((name) => [name, a[name] + b[name]])));
}
