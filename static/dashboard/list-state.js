import { inWords } from "./state-box.js";

/** @import { LiveCollection } from "./live-collection.js" */
/** @import { Action, Content, Words } from "./state-box.js" */

/**
 * @typedef {object} Circumstances
 * @property {number} shown How many rows there are after filtering.
 * @property {Words} empty What to say where there is nothing at all.
 * @property {() => void} reload
 * @property {() => void} [showAll] Take the filters back, where there are any.
 */

/**
 * What a list of a collection has instead of rows: a skeleton, an error with a way out of it, "nothing yet", or "nothing
 * of this kind". That it is stale, the line above the page says, and the rows stay.
 *
 * @param {Pick<LiveCollection, "phase" | "error" | "size">} collection
 * @param {Circumstances} circumstances
 * @returns {Content}
 */
export function listState({ phase, error, size }, { shown, empty, reload, showAll }) {
  if (phase === "loading") return { kind: "loading" };
  if (phase === "error")
    return inWords("plug", "Nothing could be loaded", error?.message ?? "The server cannot be reached.", again(reload));
  if (shown > 0) return { kind: "none" };
  if (size === 0 || !showAll) return empty;
  return inWords("search", "Nothing matches", "There is something, but not of this kind.", {
    words: "Show all",
    run: showAll,
  });
}

/** @param {() => void} run @returns {Action} */
function again(run) {
  return { words: "Try again", run };
}
