const FIRST = 1_000;
const FACTOR = 1.5;
const LONGEST = 30_000;
const TRIES = 10;

/**
 * How long to wait before each try to reconnect: 1 s × 1.5ⁿ up to 30 s, the last half of it by chance.
 *
 * Without the chance, all the browsers that lost one server would come back to it in the same moment.
 */
export class Backoff {
  /** @param {() => number} random A number in [0, 1). */
  constructor(random) {
    this.random = random;
    /** Tries since the last `reset`. */
    this.attempt = 0;
  }

  /** Whether the tries are used up, and the page should say that it failed. */
  get exhausted() {
    return this.attempt >= TRIES;
  }

  /**
   * Count one more try and return its delay in milliseconds, at least *least*.
   *
   * @param {number} [least] What the server asked for.
   */
  next(least = 0) {
    const whole = Math.min(LONGEST, FIRST * FACTOR ** this.attempt);
    this.attempt += 1;
    return Math.round(Math.max(least, whole / 2) + (this.random() * whole) / 2);
  }

  /** Start again from the shortest delay. */
  reset() {
    this.attempt = 0;
  }
}
