/** @import { Tabs } from "./types.js" */

/**
 * Whether this tab leads: it holds the one lock of that name, and keeps it until it resigns, ends or crashes.
 *
 * The browser hands the lock on by itself, to the tab that has waited longest.
 * https://developer.mozilla.org/en-US/docs/Web/API/Web_Locks_API
 */
export class Leadership {
  /**
   * @param {Tabs["locks"]} locks @param {string} name
   * @param {{ gained: () => void, lost: () => void }} told
   */
  constructor(locks, name, told) {
    this.locks = locks;
    this.name = name;
    this.told = told;
    this.leads = false;
    /** @type {AbortController | null} The present try; what an earlier one comes to is nobody's business. */
    this.turn = null;
    /** @type {() => void} */
    this.release = () => {};
  }

  /** Wait for the lock; *steal* takes it at once from a leader that does not answer. @param {{ steal?: boolean }} [how] */
  seek({ steal = false } = {}) {
    if (this.turn && !steal) return;
    this.turn?.abort();
    const turn = new AbortController();
    this.turn = turn;
    const how = steal ? { steal } : { signal: turn.signal };
    this.locks.request(this.name, how, () => this.hold(turn)).catch(() => this.deprived(turn));
  }

  /** Lead no longer, and do not wait to. */
  resign() {
    this.turn?.abort();
    this.turn = null;
    this.leads = false;
    this.release();
  }

  /** @param {AbortController} turn @returns {Promise<void> | undefined} The lock is held until it is resolved. */
  hold(turn) {
    if (turn !== this.turn) return;
    const held = new Promise((resolve) => {
      this.release = () => resolve(undefined);
    });
    this.leads = true;
    this.told.gained();
    return /** @type {Promise<void>} */ (held);
  }

  /**
   * Another tab has taken the lock, since this one did not answer. A tab that was never given it, as where a page must not
   * have any, does not try for ever.
   *
   * @param {AbortController} turn
   */
  deprived(turn) {
    if (turn !== this.turn) return;
    this.turn = null;
    if (!this.leads) return;
    this.leads = false;
    this.told.lost();
    this.seek();
  }
}
