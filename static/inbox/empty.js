import { inWords } from "../dashboard/state-box.js";

/** @import { Content } from "../dashboard/state-box.js" */
/** @import { Tab } from "./tabs.js" */

/** What each tab says where it has nothing. @type {Record<Tab, [string, string, string]>} */
const EMPTY = {
  inbox: ["inbox", "Your inbox is empty", "What happens next appears here by itself."],
  unread: ["check-all", "All caught up", "There is nothing that you have not read."],
  saved: ["bookmark", "Nothing saved", "Save what you want to find again. It stays here until you take it out."],
  snoozed: ["snooze", "Nothing snoozed", "Put off what can wait. It comes back by itself, as unread."],
  archived: ["archive", "Nothing archived", "Archive what you are done with. It leaves the inbox and stays here."],
};

/**
 * What there is instead of rows: a skeleton, an error with a way out of it, or a sentence.
 *
 * @param {object} scene
 * @param {Tab} scene.tab
 * @param {number} scene.shown
 * @param {boolean} scene.isAtEnd Whether there is no more to come.
 * @param {Error | null} scene.error
 * @param {boolean} scene.filtered
 * @param {{ reload: () => void, clear: () => void }} actions
 * @returns {Content}
 */
export function stateOf({ tab, shown, isAtEnd, error, filtered }, { reload, clear }) {
  if (shown > 0) return { kind: "none" };
  if (error) return inWords("plug", "Nothing could be loaded", error.message, { words: "Try again", run: reload });
  if (!isAtEnd) return { kind: "loading" };
  if (filtered) {
    const text = "There is nothing here of this kind. It may be in another tab.";
    return inWords("search", "Nothing matches", text, { words: "Clear filters", run: clear });
  }
  return inWords(...EMPTY[tab]);
}
