const STEPS = /** @type {[number, Intl.RelativeTimeFormatUnit][]} */ ([
  [60, "second"],
  [60, "minute"],
  [24, "hour"],
  [7, "day"],
]);
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const day = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

/**
 * Say how long ago a time was, in few words; a date after a week.
 *
 * @param {string} time RFC 3339.
 * @param {number} now Milliseconds.
 */
export function ago(time, now) {
  let past = Math.max(0, (now - Date.parse(time)) / 1000);
  if (past < 45) return "just now";
  for (const [size, unit] of STEPS) {
    if (past < size) return relative.format(-Math.max(1, Math.floor(past)), unit);
    past /= size;
  }
  return day.format(new Date(time));
}

/** @param {string} time @returns {string} The whole time, in the reader's zone and manner. */
export function absolute(time) {
  return full.format(new Date(time));
}
