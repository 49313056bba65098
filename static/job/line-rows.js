/**
 * The rows of an output: one for each line, or, where lines are wrapped, one for each part of a line that fits.
 *
 * A row is a number, `line * PARTS + part`, so that a million of them cost a few megabytes.
 */
const PARTS = 100_000;
/** Browsers make no element that is higher than some 30 million pixels: older lines are in the download. */
export const MOST_ROWS = 1_000_000;

/** @param {number} row @returns {number} The number of its line. */
export const lineOf = (row) => Math.floor(row / PARTS);
/** @param {number} row @returns {number} Which part of the line it is, from 0. */
export const partOf = (row) => row % PARTS;

export class LineRows {
  constructor() {
    /** @type {number[]} */
    this.rows = [];
    /** What the rows were made of: lines from `first` to `last`. */
    this.first = 1;
    this.last = 0;
  }

  /**
   * Be the rows of these lines. Adding lines at the end costs as much as they are.
   *
   * @param {{ start: number, total: number }} store
   * @param {(number: number) => number} partsOf How many rows a line takes, at least one.
   * @param {{ anew?: boolean }} [how] Whether lines that are here already may take another number of rows by now.
   * @returns {readonly number[]}
   */
  of({ start, total }, partsOf, { anew = false } = {}) {
    const first = Math.max(start, total - MOST_ROWS + 1);
    if (anew || first !== this.first || total < this.last) {
      this.rows = [];
      this.first = first;
      this.last = first - 1;
    }
    for (let line = this.last + 1; line <= total; line += 1) {
      const parts = partsOf(line);
      for (let part = 0; part < parts; part += 1) this.rows.push(line * PARTS + part);
    }
    this.last = Math.max(total, first - 1);
    return this.rows;
  }

  /** @param {number} line @returns {number} The index of its first row, or of the row nearest to it; -1 where there are none. */
  indexOf(line) {
    const wanted = line * PARTS;
    let [low, high] = [0, this.rows.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (/** @type {number} */ (this.rows[middle]) < wanted) low = middle + 1;
      else high = middle;
    }
    return high;
  }
}
