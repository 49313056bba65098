/** @import { Item } from "./store.js" */
/** @import { View } from "./wishes.js" */

export const HOUR = 3_600_000;
export const HOURS = 24;

/**
 * The figures of the last day, from what the page holds.
 *
 * @typedef {object} Day
 * @property {Record<string, number>} levels How many of each level.
 * @property {Record<string, number>[]} hours The same for each hour, the oldest first.
 * @property {number} total
 * @property {boolean} partial Whether older ones of the same day were not loaded: then the figures are of the latest ones only.
 */

/** @param {Pick<View, "items" | "next">} view @param {number} now @returns {Day} */
export function lastDay({ items, next }, now) {
  /** @type {Record<string, number>[]} */
  const hours = Array.from({ length: HOURS }, () => ({}));
  /** @type {Record<string, number>} */
  const levels = {};
  let total = 0;
  for (const item of items) {
    const hour = hours[HOURS - 1 - Math.max(0, Math.floor((now - Date.parse(item.created_at)) / HOUR))];
    if (!hour) continue;
    hour[item.level] = (hour[item.level] ?? 0) + 1;
    levels[item.level] = (levels[item.level] ?? 0) + 1;
    total += 1;
  }
  return { levels, hours, total, partial: next !== null && total === items.length };
}
