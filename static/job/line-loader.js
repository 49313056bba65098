import { BLOCK } from "./line-store.js";

/** @import { LineStore } from "./line-store.js" */

/**
 * @typedef {object} Page
 * @property {number} first_line More than was asked for where older lines are gone.
 * @property {string[]} lines
 * @property {number} next_line
 * @property {number} total
 */

/** @param {string} id @param {number} first @param {number} limit */
export const outputAddress = (id, first, limit) =>
  `/api/v1/jobs/${encodeURIComponent(id)}/output?from=${first}&limit=${limit}`;

/** Brings the lines that are looked at and not here: one request at a time, always for what is looked at by then. */
export class LineLoader {
  /**
   * @param {object} options
   * @param {LineStore} options.store
   * @param {(first: number, limit: number) => Promise<Page>} options.read
   * @param {(page: Page | null) => void} options.came Null where there was an error; see `error`.
   */
  constructor({ store, read, came }) {
    this.store = store;
    this.read = read;
    this.came = came;
    /** @type {[number, number]} */
    this.wanted = [1, 0];
    this.loading = false;
    /** @type {Error | null} */
    this.error = null;
  }

  /** Have the lines from *from* to *to*, which are all that is looked at now. @param {number} from @param {number} to */
  want(from, to) {
    this.wanted = [from, to];
    if (!this.error) this.run();
  }

  /** Try again after an error. */
  retry() {
    this.error = null;
    this.run();
  }

  async run() {
    if (this.loading) return;
    this.loading = true;
    for (let gap = this.gap(); gap && !this.error; gap = this.gap()) {
      try {
        const page = await this.read(gap.first, gap.limit);
        take(this.store, page, gap.first);
        this.came(page);
      } catch (error) {
        this.error = /** @type {Error} */ (error);
        this.came(null);
      }
    }
    this.loading = false;
  }

  /** The rest of the block comes with what is missing, so that a scroll is a few requests. */
  gap() {
    const missing = this.store.missing(...this.wanted);
    if (!missing) return null;
    const start = Math.max(this.store.start, missing.first - ((missing.first - 1) % BLOCK));
    const before = this.store.missing(start, missing.first);
    const first = before?.first ?? missing.first;
    return { first, limit: Math.min(BLOCK, missing.first - first + missing.limit) };
  }
}

/** Take a page that was asked for from *asked* on. @param {LineStore} store @param {Page} page @param {number} asked */
export function take(store, page, asked) {
  store.extend(page.total);
  // Lines that are gone would be asked for again and again.
  if (page.first_line > asked) store.dropBefore(page.first_line);
  if (page.lines.length === 0) store.dropBefore(page.next_line);
  store.put(page.first_line, page.lines);
}
