import * as api from "./api.js";

/** @import { Note } from "./notes.js" */

/**
 * Something that can be done with notifications.
 *
 * @typedef {object} Verb
 * @property {string} word As a button says it.
 * @property {string} icon
 * @property {(note: Note) => boolean} needs Whether it changes anything of this one.
 * @property {(note: Note, until?: string) => Note | null} change What it makes of one; null where that is gone.
 * @property {(id: string, until?: string) => Promise<any>} one
 * @property {string} [batch] The name of the batch that does it to many; without one they are asked for one by one.
 * @property {string} done What is told afterwards, of one.
 * @property {string} under "Archiving".
 * @property {string} failed "could not be archived".
 * @property {Name} undo
 * @property {boolean} [tells] Whether it is told, and can be undone, also of a single one: the row is gone then.
 *
 * @typedef {"read" | "unread" | "archive" | "unarchive" | "save" | "unsave" | "snooze" | "unsnooze" | "delete" | "restore"} Name
 */

/** @type {Record<Name, Verb>} */
export const VERBS = {
  read: {
    word: "Mark as read",
    icon: "check",
    needs: (note) => !note.read,
    change: (note) => ({ ...note, read: true }),
    one: (id) => api.mark(id, "read", true),
    batch: "read",
    done: "Marked as read",
    under: "Marking as read",
    failed: "could not be marked as read",
    undo: "unread",
  },
  unread: {
    word: "Mark as unread",
    icon: "unread",
    needs: (note) => note.read,
    change: (note) => ({ ...note, read: false }),
    one: (id) => api.mark(id, "read", false),
    batch: "unread",
    done: "Marked as unread",
    under: "Marking as unread",
    failed: "could not be marked as unread",
    undo: "read",
  },
  archive: {
    word: "Archive",
    icon: "archive",
    needs: (note) => !note.archived,
    change: (note) => ({ ...note, archived: true }),
    one: (id) => api.mark(id, "archived", true),
    batch: "archive",
    done: "Archived",
    under: "Archiving",
    failed: "could not be archived",
    undo: "unarchive",
    tells: true,
  },
  unarchive: {
    word: "Move to inbox",
    icon: "inbox",
    needs: (note) => note.archived,
    change: (note) => ({ ...note, archived: false }),
    one: (id) => api.mark(id, "archived", false),
    batch: "unarchive",
    done: "Moved to the inbox",
    under: "Moving to the inbox",
    failed: "could not be moved to the inbox",
    undo: "archive",
    tells: true,
  },
  save: {
    word: "Save",
    icon: "bookmark",
    needs: (note) => !note.saved,
    change: (note) => ({ ...note, saved: true }),
    one: (id) => api.mark(id, "saved", true),
    done: "Saved",
    under: "Saving",
    failed: "could not be saved",
    undo: "unsave",
  },
  unsave: {
    word: "Remove from saved",
    icon: "bookmarked",
    needs: (note) => note.saved,
    change: (note) => ({ ...note, saved: false }),
    one: (id) => api.mark(id, "saved", false),
    done: "Removed from saved",
    under: "Removing from saved",
    failed: "could not be removed from saved",
    undo: "save",
  },
  snooze: {
    word: "Snooze",
    icon: "snooze",
    needs: () => true,
    change: (note, until) => ({ ...note, snoozed_until: until ?? null }),
    one: (id, until) => api.mark(id, "snoozed", true, { until }),
    done: "Snoozed",
    under: "Snoozing",
    failed: "could not be snoozed",
    undo: "unsnooze",
    tells: true,
  },
  unsnooze: {
    word: "Back to inbox",
    icon: "inbox",
    needs: (note) => note.snoozed_until !== null,
    change: (note) => ({ ...note, snoozed_until: null }),
    one: (id) => api.mark(id, "snoozed", false),
    done: "Back in the inbox",
    under: "Moving back to the inbox",
    failed: "could not be moved back",
    undo: "snooze",
  },
  delete: {
    word: "Delete",
    icon: "trash",
    needs: () => true,
    change: () => null,
    one: (id) => api.remove(id),
    batch: "delete",
    done: "Deleted",
    under: "Deleting",
    failed: "could not be deleted",
    undo: "restore",
    tells: true,
  },
  restore: {
    word: "Restore",
    icon: "retry",
    needs: () => true,
    change: (note) => note,
    one: (id) => api.restore(id),
    batch: "restore",
    done: "Restored",
    under: "Restoring",
    failed: "could not be restored",
    undo: "delete",
  },
};

/** Let deleting be called what it is for who may not delete for everyone. */
export function dismissing() {
  Object.assign(VERBS.delete, {
    word: "Dismiss",
    done: "Dismissed",
    under: "Dismissing",
    failed: "could not be dismissed",
  });
}
