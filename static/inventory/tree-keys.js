/** @import { Line } from "./flatten.js" */

/**
 * What a key does on a row of a tree, beside what it does in every list: ARIA's pattern for a treegrid whose rows have
 * the focus.
 *
 * @typedef {{ kind: "open" | "close", ids: string[] } | { kind: "go", index: number }} Deed
 */

/** @param {string} key @param {readonly Line[]} lines @param {number} index @returns {Deed | null} Null where it does nothing. */
export function deedOf(key, lines, index) {
  const line = lines[index];
  if (!line) return null;
  if (key === "ArrowRight") {
    if (line.open === false) return { kind: "open", ids: [line.id] };
    return line.open ? { kind: "go", index: index + 1 } : null;
  }
  if (key === "ArrowLeft") {
    if (line.open) return { kind: "close", ids: [line.id] };
    const above = aboveOf(lines, index);
    return above < 0 ? null : { kind: "go", index: above };
  }
  if (key !== "*") return null;
  const siblings = lines.filter((other) => other.level === line.level && other.open === false);
  return { kind: "open", ids: siblings.map(({ id }) => id) };
}

/** The index of what the row is in, or -1. @param {readonly Line[]} lines @param {number} index */
function aboveOf(lines, index) {
  const level = lines[index]?.level ?? 1;
  for (let above = index - 1; above >= 0; above -= 1) if ((lines[above]?.level ?? 0) < level) return above;
  return -1;
}

/** Letters that come faster than this, in milliseconds, are one word. */
const PAUSE = 700;

/** Finds the next row that begins with what is typed. The same letter again goes on to the next one. */
export class TypeAhead {
  constructor() {
    this.text = "";
    this.at = 0;
  }

  /** @param {string} key @param {string[]} names Of all rows. @param {number} index Of the row with the focus. @param {number} now
   * @returns {number} Or -1. */
  find(key, names, index, now) {
    this.text = now - this.at < PAUSE ? this.text + key.toLowerCase() : key.toLowerCase();
    this.at = now;
    const repeated = [...this.text].every((letter) => letter === this.text[0]);
    const wanted = repeated ? this.text.slice(0, 1) : this.text;
    const start = repeated ? index + 1 : index;
    for (let step = 0; step < names.length; step += 1) {
      const place = (start + step) % names.length;
      if (names[place]?.toLowerCase().startsWith(wanted)) return place;
    }
    return -1;
  }
}
