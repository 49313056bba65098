import { matcher } from "../dashboard/search-box.js";
import { since } from "./spans.js";

/** @import { Note } from "./notes.js" */

/**
 * @typedef {"inbox" | "unread" | "saved" | "snoozed" | "archived"} Tab
 *
 * @typedef {object} Wanted What the address asks for.
 * @property {string} tab
 * @property {string[]} level
 * @property {string[]} category
 * @property {string[]} related_entity
 * @property {string[]} group_key Groups, all of which is shown.
 * @property {string} span One of `SPANS`, or empty.
 * @property {string} created_after Times of one's own, as RFC 3339; they count where there is no span.
 * @property {string} created_before
 * @property {string} q
 */

/** @type {Wanted & Record<string, string | string[]>} */
export const EVERYTHING = {
  tab: "inbox",
  level: [],
  category: [],
  related_entity: [],
  group_key: [],
  span: "",
  created_after: "",
  created_before: "",
  q: "",
};

/** Of which one has to fit. */
const LISTS = /** @type {const} */ (["level", "category", "related_entity", "group_key"]);

/** @type {Record<Tab, { word: string, icon: string, asks: Record<string, string>, has: (note: Note) => boolean }>} */
export const TABS = {
  inbox: { word: "Inbox", icon: "inbox", asks: {}, has: isInInbox },
  unread: { word: "Unread", icon: "unread", asks: { read: "false" }, has: (note) => isInInbox(note) && !note.read },
  saved: { word: "Saved", icon: "bookmark", asks: { saved: "true" }, has: (note) => note.saved },
  snoozed: { word: "Snoozed", icon: "snooze", asks: { snoozed: "true" }, has: (note) => note.snoozed_until !== null },
  archived: { word: "Archived", icon: "archive", asks: { archived: "true" }, has: (note) => note.archived },
};
export const NAMES = /** @type {Tab[]} */ (Object.keys(TABS));

/** The tab that an address means; an unknown one is the inbox. @param {Pick<Wanted, "tab">} wanted @returns {Tab} */
export function tabOf({ tab }) {
  return Object.hasOwn(TABS, tab) ? /** @type {Tab} */ (tab) : "inbox";
}

/** Whether anything but the tab is chosen. @param {Wanted} wanted */
export function isFiltered(wanted) {
  const { span, created_after: after, created_before: before, q } = wanted;
  return LISTS.some((name) => wanted[name].length > 0) || [span, after, before, q].some(Boolean);
}

/** From when and until when something must have been created, in milliseconds. @param {Wanted} wanted @param {number} now */
function times({ span, created_after, created_before }, now) {
  const from = span ? since(span, now) : Date.parse(created_after);
  const until = span ? Number.NaN : Date.parse(created_before);
  return { from: Number.isNaN(from) ? null : from, until: Number.isNaN(until) ? null : until };
}

/**
 * Return what REST is asked for.
 *
 * @param {Wanted} wanted
 * @param {number} now Milliseconds, from which spans count back.
 */
export function parametersOf(wanted, now) {
  const parameters = new URLSearchParams(TABS[tabOf(wanted)].asks);
  for (const name of LISTS) for (const value of wanted[name]) parameters.append(name, value);
  const { from, until } = times(wanted, now);
  if (from !== null) parameters.set("created_after", new Date(from).toISOString());
  if (until !== null) parameters.set("created_before", new Date(until).toISOString());
  if (wanted.q) parameters.set("q", wanted.q);
  return parameters;
}

/**
 * Return what says whether a notification belongs to what is asked for, as the server would say it.
 *
 * @param {Wanted} wanted
 * @param {number} now
 * @returns {(note: Note) => boolean}
 */
export function accepts(wanted, now) {
  const { has } = TABS[tabOf(wanted)];
  const { q } = wanted;
  const { from, until } = times(wanted, now);
  const matches = matcher(q);
  const among = (/** @type {string[]} */ chosen, /** @type {any} */ value) =>
    chosen.length === 0 || chosen.includes(value);
  return (note) => {
    if (!has(note) || !LISTS.every((name) => among(wanted[name], note[name]))) return false;
    const created = from === null && until === null ? 0 : Date.parse(note.created_at);
    if ((from !== null && created < from) || (until !== null && created >= until)) return false;
    return q === "" || matches(note.title, note.message, note.related_entity);
  };
}

/** How many each tab would have more or fewer. @param {Note | null} before @param {Note | null} after
 * @returns {Record<Tab, number>} */
export function difference(before, after) {
  const count = (/** @type {Tab} */ name) =>
    Number(after !== null && TABS[name].has(after)) - Number(before !== null && TABS[name].has(before));
  return /** @type {Record<Tab, number>} */ (Object.fromEntries(NAMES.map((name) => [name, count(name)])));
}

/** @param {Note} note */
export function isInInbox(note) {
  return !note.archived && note.snoozed_until === null;
}
