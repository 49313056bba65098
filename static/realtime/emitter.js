/**
 * Listeners by name. One that throws is reported on the console and does not keep the message from the others.
 *
 * @template T
 */
export class Emitter {
  constructor() {
    /** @type {Map<string, Set<(value: T) => void>>} */
    this.listeners = new Map();
  }

  /** @param {string} name @param {(value: T) => void} listener */
  on(name, listener) {
    const all = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, all.add(listener));
  }

  /** @param {string} name @param {(value: T) => void} listener */
  off(name, listener) {
    this.listeners.get(name)?.delete(listener);
  }

  /** @param {string} name @param {T} value */
  emit(name, value) {
    for (const listener of [...(this.listeners.get(name) ?? [])]) {
      try {
        listener(value);
      } catch (error) {
        console.error(`A listener for "${name}" failed:`, error);
      }
    }
  }
}
