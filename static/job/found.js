import { plain } from "./ansi.js";

/** @import { Range } from "./runs.js" */

/** Lines that are remembered as matching; whoever looks for more looks for something else. */
const MOST = 100_000;

/** Which lines match what somebody looks for, and which of them is shown: pure, told of lines as they come. */
export class Found {
  /** @param {string} text Empty looks for nothing. */
  constructor(text) {
    this.text = text;
    this.pattern = text ? new RegExp(literally(text), "giu") : null;
    /** @type {number[]} Lines that match, in order. */
    this.lines = [];
    /** @type {Set<number>} */
    this.known = new Set();
    /** The line that was gone to; 0 for none. */
    this.at = 0;
  }

  /** @param {number} first @param {readonly string[]} lines Lines that follow each other; again does no harm. */
  look(first, lines) {
    const before = this.lines.length;
    lines.forEach((line, index) => {
      const number = first + index;
      if (this.known.size >= MOST || this.known.has(number) || this.ranges(plain(line)).length === 0) return;
      this.known.add(number);
      this.lines.push(number);
    });
    const [previous, next] = [this.lines[before - 1], this.lines[before]];
    if (previous !== undefined && next !== undefined && next < previous) this.lines.sort((a, b) => a - b);
  }

  /** Where it is in a text. @param {string} text @returns {Range[]} */
  ranges(text) {
    if (!this.pattern) return [];
    return [...text.matchAll(this.pattern)].map((match) => [match.index, match.index + match[0].length]);
  }

  /**
   * Go to the next line that matches, or back, and round at either end.
   *
   * @param {1 | -1} step
   * @param {number} from The line that is looked at, for the first step.
   * @returns {number | null} Null where nothing matches.
   */
  go(step, from) {
    const { lines } = this;
    if (lines.length === 0) return null;
    const start = this.at || (step > 0 ? from - 1 : from + 1);
    const next = step > 0 ? lines.findIndex((line) => line > start) : lines.findLastIndex((line) => line < start);
    this.at = /** @type {number} */ (next >= 0 ? lines[next] : lines.at(step > 0 ? 0 : -1));
    return this.at;
  }

  /** @returns {number} Which of them is shown, from 1; 0 for none. */
  get place() {
    return this.at ? this.lines.indexOf(this.at) + 1 : 0;
  }
}

/** @param {string} text */
function literally(text) {
  return text.replace(/[\\^$.*+?()[\]{}|]/gu, "\\$&");
}
