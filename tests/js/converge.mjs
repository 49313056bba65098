/**
 * Reads cases as JSON from standard input, applies each one's messages to its snapshot with the dashboard's own
 * store, and prints as JSON what each ended with: [id, read, title] of every notification, newest first.
 */
import { readFileSync } from "node:fs";
import { applied, emptyState, newestFirst, replaced } from "../../static/dashboard/store.js";

const cases = JSON.parse(readFileSync(0, "utf8"));
const results = cases.map((/** @type {any} */ { data, position, messages }) => {
  const state = messages.reduce(applied, replaced(emptyState(), data, position));
  return newestFirst(state).map((item) => [item.id, item.read, item.title]);
});
console.log(JSON.stringify(results));
