import { byAge, noted } from "./notes.js";

/** @import { Note, Notes } from "./notes.js" */

/**
 * @typedef {object} Reach How far down one view is loaded.
 * @property {Note | null} floor The oldest that was loaded; null before the first page.
 * @property {string | null} next The cursor of the next page; null at the end.
 */

/** Notifications of one page; the most that the server gives. */
const PAGE = 200;

/**
 * Loads views page by page. What is loaded of a view is kept right by what comes in live, so that one that was left is
 * there at once when the person comes back to it; it is asked for again all the same.
 */
export class Pages {
  /**
   * @param {object} options
   * @param {Notes} options.notes
   * @param {(parameters: URLSearchParams) => Promise<Record<string, any>>} options.list
   * @param {() => void} options.changed
   */
  constructor({ notes, list, changed }) {
    this.notes = notes;
    this.list = list;
    this.changed = changed;
    /** @type {Map<string, Reach>} */
    this.reaches = new Map();
    this.key = "";
    this.parameters = new URLSearchParams();
    /** @type {(note: Note) => boolean} */
    this.accepts = () => false;
    this.loading = false;
    /** Whether something may have been missed while the first page was on its way. */
    this.again = false;
    /** @type {Error | null} */
    this.error = null;
  }

  get reach() {
    return this.reaches.get(this.key) ?? null;
  }

  /** How the view stands. */
  get standing() {
    const { loading, error, isAtEnd } = this;
    return { loading, error, isAtEnd };
  }

  get isAtEnd() {
    return this.reach?.next === null;
  }

  /** Show another view. @param {string} key Its name. @param {URLSearchParams} parameters @param {(note: Note) => boolean} accepts */
  choose(key, parameters, accepts) {
    this.key = key;
    this.parameters = parameters;
    this.accepts = accepts;
    this.loading = false;
    this.error = null;
    return this.reach ? this.refresh() : this.more();
  }

  /** Whether a notification is among what is loaded of this view. @param {Note} note */
  covers(note) {
    const { reach } = this;
    return reach !== null && (reach.next === null || reach.floor === null || byAge(note, reach.floor) <= 0);
  }

  /** Load the next page, unless one is on its way or all are here. */
  async more() {
    const { key, reach } = this;
    if (this.loading || reach?.next === null) return;
    this.loading = true;
    this.error = null;
    this.changed();
    const error = await this.page(key, reach?.next, reach?.floor ?? null);
    if (key !== this.key) return;
    this.loading = false;
    this.error = error;
    this.changed();
    if (!this.again) return;
    this.again = false;
    await this.refresh();
  }

  /** Ask again for what is loaded: something may have been missed. @param {number} [most] Pages. @returns {Promise<boolean>} */
  async refresh(most = Number.POSITIVE_INFINITY) {
    const { key, reach } = this;
    if (!reach) {
      this.again = this.loading;
      await this.more();
      return this.error === null;
    }
    /** @type {string | null | undefined} */
    let next;
    /** @type {Note | null} */
    let above = null;
    for (let number = 0; number < most && next !== null; number += 1) {
      const answer = await this.ask(next);
      if (key !== this.key) return true;
      if (answer instanceof Error) return false;
      above = this.settle(key, answer, above, reach.floor);
      next = answer.next;
      if (above && reach.floor && byAge(above, reach.floor) >= 0) break;
    }
    this.changed();
    return true;
  }

  /** Walk through all of this view, loaded or not. @param {Record<string, string>} [more] Parameters. @returns {AsyncGenerator<Note[]>} */
  async *walk(more = {}) {
    const parameters = new URLSearchParams([...this.parameters, ["limit", `${PAGE}`]]);
    for (const [name, value] of Object.entries(more)) parameters.set(name, value);
    for (;;) {
      const { notifications: items, next } = await this.list(parameters);
      yield items.map(noted);
      if (!next) return;
      parameters.set("cursor", next);
    }
  }

  /** @param {string} key @param {string | undefined} cursor @param {Note | null} above @returns {Promise<Error | null>} */
  async page(key, cursor, above) {
    const answer = await this.ask(cursor);
    if (answer instanceof Error) return answer;
    if (key === this.key) this.settle(key, answer, above, null);
    return null;
  }

  /** @param {string | null | undefined} cursor */
  async ask(cursor) {
    const { turn } = this.notes;
    const parameters = new URLSearchParams(this.parameters);
    parameters.set("limit", `${PAGE}`);
    if (cursor) parameters.set("cursor", cursor);
    try {
      const { notifications: items, next } = await this.list(parameters);
      return { items, next: /** @type {string | null} */ (next), turn };
    } catch (error) {
      return /** @type {Error} */ (error);
    }
  }

  /**
   * Take a page: what is held of its stretch and is not in it is gone.
   *
   * @param {string} key
   * @param {{ items: Record<string, any>[], next: string | null, turn: number }} page
   * @param {Note | null} above The last of the page before.
   * @param {Note | null} deepest How far the view was loaded already.
   * @returns {Note | null} The last of this page.
   */
  settle(key, { items, next, turn }, above, deepest) {
    const last = /** @type {Note | undefined} */ (items.at(-1)) ?? above;
    const listed = new Set(items.map(({ id }) => id));
    const stretch = this.notes
      .values()
      .filter((note) => this.accepts(note) && !listed.has(note.id) && (!above || byAge(above, note) < 0))
      .filter((note) => next === null || (last !== null && byAge(note, last) <= 0));
    this.notes.drop(
      stretch.map(({ id }) => id),
      turn,
    );
    this.notes.take(items, turn);
    const within = deepest !== null && next !== null && last !== null && byAge(last, deepest) < 0;
    if (!within) this.reaches.set(key, { floor: last, next });
    return last;
  }
}
