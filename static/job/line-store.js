/** Lines of a block: what is asked for, kept and let go together. */
export const BLOCK = 1_000;
/** Characters that are kept; beyond, the blocks that nobody has looked at for longest go. They can be asked for again. */
const MOST = 12_000_000;

/** @typedef {{ lines: string[], size: number, used: number }} Block Lines that are not there are holes. */

/**
 * The lines of a job that this page has, by their numbers, from 1. Whatever comes twice, or in another order, changes
 * nothing; what has not come is missing, and can be asked for.
 */
export class LineStore {
  /** @param {{ most?: number }} [options] */
  constructor({ most = MOST } = {}) {
    this.most = most;
    /** The oldest line that there is. */
    this.start = 1;
    /** The number of the last line: how many were printed. */
    this.total = 0;
    /** @type {Map<number, Block>} */
    this.blocks = new Map();
    this.size = 0;
    this.clock = 0;
  }

  /** How many lines there are. */
  get count() {
    return Math.max(0, this.total - this.start + 1);
  }

  /** @param {number} number @returns {string | undefined} Undefined for what is not here. */
  get(number) {
    const block = this.blocks.get(blockOf(number));
    if (!block) return undefined;
    this.clock += 1;
    block.used = this.clock;
    return block.lines[(number - 1) % BLOCK];
  }

  /** The same, without counting as a look at it. @param {number} number @returns {string | undefined} */
  peek(number) {
    return this.blocks.get(blockOf(number))?.lines[(number - 1) % BLOCK];
  }

  /**
   * Take lines that follow each other.
   *
   * @param {number} first The number of the first of them.
   * @param {readonly string[]} lines
   */
  put(first, lines) {
    lines.forEach((line, index) => {
      this.set(first + index, line);
    });
    this.total = Math.max(this.total, first + lines.length - 1);
    this.trim();
  }

  /** Lines before *number* are not kept any more. @param {number} number */
  dropBefore(number) {
    if (number <= this.start) return;
    this.start = number;
    for (const [index, block] of this.blocks) if ((index + 1) * BLOCK < number) this.drop(index, block);
  }

  /** There are lines up to *total*, though they have not come. @param {number} total */
  extend(total) {
    this.total = Math.max(this.total, total);
  }

  /** Begin anew: it is another output. */
  clear() {
    this.blocks.clear();
    this.size = 0;
    this.start = 1;
    this.total = 0;
  }

  /**
   * Return the first lines from *from* to *to* that are missing, as far as the block goes; null where all are here.
   *
   * @param {number} from
   * @param {number} to
   * @returns {{ first: number, limit: number } | null}
   */
  missing(from, to) {
    const end = Math.min(to, this.total);
    for (let number = Math.max(from, this.start); number <= end; number += 1) {
      if (this.has(number)) continue;
      const last = Math.min((blockOf(number) + 1) * BLOCK, this.total);
      let next = number + 1;
      while (next <= last && !this.has(next)) next += 1;
      return { first: number, limit: next - number };
    }
    return null;
  }

  /** @param {number} number */
  has(number) {
    return this.peek(number) !== undefined;
  }

  /** @param {number} number @param {string} line */
  set(number, line) {
    if (number < this.start || this.has(number)) return;
    const index = blockOf(number);
    let block = this.blocks.get(index);
    if (!block) {
      this.clock += 1;
      block = { lines: [], size: 0, used: this.clock };
      this.blocks.set(index, block);
    }
    block.lines[(number - 1) % BLOCK] = line;
    block.size += line.length + 1;
    this.size += line.length + 1;
  }

  /** Let go what nobody has looked at for longest; the end, which is followed, stays. */
  trim() {
    if (this.size <= this.most) return;
    const oldest = [...this.blocks].sort(([, a], [, b]) => a.used - b.used);
    for (const [index, block] of oldest) {
      if (this.size <= this.most) return;
      if (index !== blockOf(this.total)) this.drop(index, block);
    }
  }

  /** @param {number} index @param {Block} block */
  drop(index, block) {
    this.blocks.delete(index);
    this.size -= block.size;
  }
}

/** @param {number} number */
function blockOf(number) {
  return Math.floor((number - 1) / BLOCK);
}
