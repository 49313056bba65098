import { plain } from "./ansi.js";
import { BLOCK } from "./line-store.js";
import { breaks } from "./runs.js";

/** @import { LineStore } from "./line-store.js" */

/** The fewest columns to which lines are wrapped; a row that shows less is of no use. */
const FEWEST = 20;

/** How many rows each line takes: one, or, where lines are wrapped, as many as its columns need. */
export class Wrapping {
  /** @param {LineStore} store */
  constructor(store) {
    this.store = store;
    /** 0 where lines are not wrapped. */
    this.columns = 0;
    /** @type {Map<number, number>} By line, where it is more than one. What is let go is still as long. */
    this.parts = new Map();
  }

  /** @param {number} line */
  partsOf(line) {
    return this.parts.get(line) ?? 1;
  }

  /** Wrap to so many columns, or not at all with 0. @param {number} columns @returns {boolean} Whether that is another way. */
  wrap(columns) {
    const wanted = columns === 0 ? 0 : Math.max(FEWEST, columns);
    if (wanted === this.columns) return false;
    this.columns = wanted;
    this.parts.clear();
    for (const [block, { lines }] of this.store.blocks)
      lines.forEach((line, index) => {
        this.measure(block * BLOCK + index + 1, line);
      });
    return true;
  }

  /** Lines have come. @param {number} first @param {readonly string[]} lines */
  came(first, lines) {
    lines.forEach((line, index) => {
      this.measure(first + index, line);
    });
  }

  /** @param {number} number @param {string} line */
  measure(number, line) {
    if (this.columns === 0 || line.length <= this.columns / 2) return;
    const parts = breaks(plain(line), this.columns).length;
    if (parts > 1) this.parts.set(number, parts);
  }
}
