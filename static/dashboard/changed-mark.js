import { h } from "./dom.js";

const WORDS = { new: "New", changed: "Changed" };

/** The mark of what has changed since the person last looked; null for what has not. @param {"new" | "changed" | null} since As
 * `Seen` says it. */
export function changedMark(since) {
  return since && h("span", { class: "changed-mark", "data-testid": "changed-mark" }, WORDS[since]);
}
