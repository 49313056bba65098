/** @import { Tabs } from "./types.js" */

/**
 * Notices at once when a tab ends, also by a crash: each holds a lock of its own name as long as it lives.
 */
export class Presence {
  /** @param {Tabs} tabs */
  constructor({ locks, name, id }) {
    this.locks = locks;
    this.name = name;
    this.id = id;
    /** Whether this tab's own lock is held, so that others may wait for it. */
    this.shown = false;
    this.ended = new AbortController();
    /** @type {Set<string>} */
    this.watched = new Set();
  }

  /** Be there. */
  show() {
    const held = () =>
      new Promise((resolve) => {
        this.shown = true;
        this.ended.signal.addEventListener("abort", () => resolve(undefined));
      });
    this.locks.request(this.lock(this.id), { signal: this.ended.signal }, held).catch(() => {});
  }

  /** Call *gone* once when that tab has ended. @param {string} tab @param {() => void} gone */
  watch(tab, gone) {
    if (this.watched.has(tab)) return;
    this.watched.add(tab);
    const ended = () => {
      this.watched.delete(tab);
      gone();
    };
    this.locks.request(this.lock(tab), { signal: this.ended.signal }, ended).catch(() => {});
  }

  /** Be gone, and watch nobody. */
  end() {
    this.shown = false;
    this.ended.abort();
    this.ended = new AbortController();
    this.watched.clear();
  }

  /** @param {string} tab */
  lock(tab) {
    return `${this.name}:${tab}`;
  }
}
