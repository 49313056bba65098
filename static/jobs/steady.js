/** @import { Row } from "./order.js" */

/**
 * Keeps rows where they are while the pointer is over them: whoever is about to press one must not press another.
 *
 * What a row says goes on; what would come, go or move waits, and is counted.
 */
export class Steady {
  constructor() {
    this.holding = false;
    /** @type {readonly Row[]} */
    this.shown = [];
    /** How many rows would come, go or move. */
    this.waiting = 0;
  }

  /**
   * Return the rows to show where *wanted* are the right ones by now.
   *
   * @param {readonly Row[]} wanted
   * @returns {readonly Row[]}
   */
  rows(wanted) {
    this.waiting = 0;
    if (!this.holding || this.shown.length === 0) {
      this.shown = wanted;
      return wanted;
    }
    const now = new Map(wanted.map((row) => [row.job.job_id, row]));
    const before = new Set(this.shown.map(({ job }) => job.job_id));
    const kept = this.shown.map((row) => {
      const news = now.get(row.job.job_id);
      return news ? { ...row, job: news.job, children: news.children } : row;
    });
    const came = wanted.filter(({ job }) => !before.has(job.job_id)).length;
    const gone = kept.filter(({ job }) => !now.has(job.job_id)).length;
    this.waiting = came + gone + moves(kept, wanted);
    this.shown = kept;
    return kept;
  }
}

/** How many of the rows that stay are not in their order. @param {readonly Row[]} shown @param {readonly Row[]} wanted */
function moves(shown, wanted) {
  const places = new Map(wanted.map(({ job }, index) => [job.job_id, index]));
  const order = shown.flatMap(({ job }) => places.get(job.job_id) ?? []);
  return order.filter((place, index) => index > 0 && place < /** @type {number} */ (order[index - 1])).length;
}
