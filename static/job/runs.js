/** @import { Run } from "./ansi.js" */

/** @typedef {[number, number]} Range From one index up to, but without, another one. */
/** @typedef {Run & { marked?: boolean }} Piece */

/** Scripts and pictures whose characters are two columns wide, roughly as wcwidth has it. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const ONLY_NARROW = /^[\u0020-\u02ff]*$/u;

/** @param {string} text @returns {number} Columns of a terminal. */
export function width(text) {
  if (ONLY_NARROW.test(text)) return text.length;
  let columns = 0;
  for (const character of text) columns += widthOf(character);
  return columns;
}

/**
 * Return where the rows of a wrapped text begin: 0, then each index at which a row of *columns* is full.
 *
 * @param {string} text
 * @param {number} columns
 * @returns {number[]}
 */
export function breaks(text, columns) {
  const starts = [0];
  if (ONLY_NARROW.test(text)) {
    for (let at = columns; at < text.length; at += columns) starts.push(at);
    return starts;
  }
  let [used, index] = [0, 0];
  for (const character of text) {
    const wide = widthOf(character);
    if (used + wide > columns && used > 0) {
      starts.push(index);
      used = 0;
    }
    used += wide;
    index += character.length;
  }
  return starts;
}

/** Return a part of *runs*. @param {Piece[]} runs @param {Range} range @returns {Piece[]} */
export function cut(runs, [from, to]) {
  /** @type {Piece[]} */
  const parts = [];
  let start = 0;
  for (const run of runs) {
    const text = run.text.slice(Math.max(0, from - start), Math.max(0, to - start));
    if (text) parts.push({ ...run, text });
    start += run.text.length;
  }
  return parts;
}

/** Return *runs*, split so that what is within *ranges* is marked. @param {Run[]} runs @param {Range[]} ranges In their order.
 * @returns {Piece[]} */
export function withMarks(runs, ranges) {
  if (ranges.length === 0) return runs;
  /** @type {Piece[]} */
  const pieces = [];
  let at = 0;
  for (const [from, to] of ranges) {
    pieces.push(...cut(runs, [at, from]));
    pieces.push(...cut(runs, [from, to]).map((run) => ({ ...run, marked: true })));
    at = to;
  }
  return [...pieces, ...cut(runs, [at, Number.MAX_SAFE_INTEGER])];
}

/** @param {string} character */
function widthOf(character) {
  return WIDE.test(character) ? 2 : 1;
}
