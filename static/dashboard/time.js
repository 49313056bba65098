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

/**
 * Say how long something took or has been going on: `48 s`, `3 min 05 s`, `2 h 07 min`, `3 d 4 h`.
 *
 * @param {string | null} start RFC 3339; null for what has not begun.
 * @param {string | null} end Null for what is going on.
 * @param {number} now Milliseconds.
 */
export function elapsed(start, end, now) {
  if (!start) return "";
  const seconds = Math.max(0, Math.floor(((end ? Date.parse(end) : now) - Date.parse(start)) / 1000));
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)];
  if (minutes === 0) return `${seconds} s`;
  if (hours === 0) return `${minutes} min ${two(seconds % 60)} s`;
  if (hours < 24) return `${hours} h ${two(minutes % 60)} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** @param {number} number */
function two(number) {
  return `${number}`.padStart(2, "0");
}
