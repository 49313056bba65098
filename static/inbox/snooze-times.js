/**
 * Until when a notification may be put off, in the person's own zone.
 *
 * @typedef {{ name: string, word: string, time: Date }} Choice
 */

/** The hour at which a day begins, and that at which the evening does. */
const MORNING = 9;
const EVENING = 18;
/** From then on the evening is too near to be "later today". */
const LATE = 17;
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat("en-GB", { weekday: "short" });
const day = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short" });
const dated = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", year: "numeric" });

/** @param {Date} now @returns {Choice[]} */
export function choices(now) {
  const monday = (8 - now.getDay()) % 7 || 7;
  return [
    { name: "later", word: "Later today", time: later(now) },
    { name: "tomorrow", word: "Tomorrow", time: at(now, 1, MORNING) },
    { name: "week", word: "Next week", time: at(now, monday, MORNING) },
  ];
}

/** In the evening, or in three hours where that is near or over. @param {Date} now */
function later(now) {
  return now.getHours() < LATE ? at(now, 0, EVENING) : new Date(now.getTime() + 3 * 3_600_000);
}

/** @param {Date} now @param {number} days @param {number} hour By the clock, also where that is put forward or back. */
function at(now, days, hour) {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour);
}

/** Say a time that is to come, as briefly as it is clear. @param {Date} time @param {Date} now */
export function inWords(time, now) {
  const days = Math.round((at(time, 0, 0).getTime() - at(now, 0, 0).getTime()) / 86_400_000);
  const hour = clock.format(time);
  if (days === 0) return `today, ${hour}`;
  if (days === 1) return `tomorrow, ${hour}`;
  if (days > 1 && days < 7) return `${weekday.format(time)}, ${hour}`;
  return `${(time.getFullYear() === now.getFullYear() ? day : dated).format(time)}, ${hour}`;
}

/** A time as `<input type="datetime-local">` writes it. @param {Date} time */
export function local(time) {
  const shifted = new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}
