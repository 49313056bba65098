import { read } from "./api.js";

/** @import { Inbox } from "./inbox.js" */
/** @import { RowActions } from "./row.js" */
/** @import { Item } from "./store.js" */
/** @import { Toasts } from "./toasts.js" */

/**
 * What the buttons of a notification do, wherever it stands.
 *
 * @param {{ inbox: Inbox, toasts: () => Toasts, mayDelete: boolean }} parts Who may not delete for everyone, dismisses.
 * @returns {RowActions}
 */
export function rowActions({ inbox, toasts, mayDelete }) {
  return {
    mark: (item, asRead) => inbox.mark(item.id, asRead),
    visit: (item) => void (item.read || inbox.mark(item.id, true)),
    markGroup: (group, asRead) => inbox.markGroup(group, asRead),
    loadGroup: (group) => inbox.loadGroup(group.key),
    removeGroup: async (group) => {
      const ids = await inbox.removeGroup(group);
      if (!ids) return;
      const undo = { words: "Undo", run: () => inbox.restoreAll(ids) };
      const title = `${mayDelete ? "Deleted" : "Dismissed"} ${ids.length}`;
      toasts().show({ title, text: group.items[0]?.title, level: "info", action: undo });
    },
    remove: async (item) => {
      if (!(await inbox.remove(item))) return;
      const undo = { words: "Undo", run: () => inbox.restore(item) };
      toasts().show({ title: mayDelete ? "Deleted" : "Dismissed", text: item.title, level: "info", action: undo });
    },
    read: (/** @type {Item} */ item) => read(item.id),
    removeWord: mayDelete ? "Delete" : "Dismiss",
  };
}
