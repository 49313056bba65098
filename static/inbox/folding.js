/** @import { Note } from "./notes.js" */

/**
 * Fold a list: those with the same key are one entry, where the newest of them stands, and unread while one of them is.
 *
 * @param {readonly Note[]} notes Newest first.
 * @returns {{ entries: Note[], members: Map<string, Note[]> }} The members by the entry's id, of entries that have several.
 */
export function folded(notes) {
  /** @type {Map<string, Note[]>} */
  const groups = new Map();
  for (const note of notes) {
    if (typeof note.group_key !== "string") continue;
    const group = groups.get(note.group_key);
    if (group) group.push(note);
    else groups.set(note.group_key, [note]);
  }
  const members = new Map(
    [...groups.values()].filter((group) => group.length > 1).map((group) => [idOf(group), group]),
  );
  const entries = notes.flatMap((note) => {
    const group = typeof note.group_key === "string" ? groups.get(note.group_key) : undefined;
    if (!group || group.length === 1) return [note];
    return group[0] === note ? [entryOf(note, group)] : [];
  });
  return { entries, members };
}

/** @param {Note[]} group */
function idOf([newest]) {
  return /** @type {Note} */ (newest).id;
}

/** @param {Note} newest @param {Note[]} group @returns {Note} */
function entryOf(newest, group) {
  return { ...newest, read: group.every(({ read }) => read) };
}
