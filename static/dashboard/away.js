/** Milliseconds by which this device's clock and the server's may differ. */
const SKEW = 60_000;

/** What the person put away: that it is back because they took it back is no news, unlike the end of a snooze. */
export class Away {
  constructor() {
    /** @type {Map<string, string | null>} By id, when it comes back by itself; null where it does not. */
    this.untils = new Map();
  }

  /** @param {string} id @param {string | null} until */
  put(id, until) {
    this.untils.set(id, until);
  }

  /** Follow a publication. @param {Record<string, any>} message @returns {boolean} Whether the person brought it back. */
  follow({ data = {} }) {
    const { id, archived, snoozed_until: until = null, offset } = data;
    if (archived === undefined) return false;
    if (archived || until !== null) {
      this.put(id, until);
      return false;
    }
    const held = this.untils.get(id);
    this.untils.delete(id);
    // Marks of the person's own alone say where it was opened; what was opened again for everyone is news.
    if (held === undefined || offset === undefined) return false;
    return held === null || Date.parse(held) > Date.now() + SKEW;
  }
}
