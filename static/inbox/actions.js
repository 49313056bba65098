import { send } from "./sending.js";
import { VERBS } from "./verbs.js";
import { wishFor } from "./wishes.js";

/** @import { Toasts } from "../dashboard/toasts.js" */
/** @import { Note, Notes } from "./notes.js" */
/** @import { Name } from "./verbs.js" */
/** @import { Wish } from "./wishes.js" */

/**
 * @typedef {object} Progress Of something long.
 * @property {string} words
 * @property {number} done
 * @property {number} total 0 while nobody knows.
 * @property {() => void} stop
 *
 * @typedef {object} Order What is to be done.
 * @property {string} [until] Of a snooze.
 * @property {boolean} [quiet] Whether nothing is told where it works.
 */

/** From so many on it takes long enough to be shown. */
const MANY = 200;

/** What the person does: at once on the page, then on the server, and taken back where that fails. */
export class Actions {
  /**
   * @param {object} options
   * @param {Notes} options.notes
   * @param {Toasts} options.toasts
   * @param {() => void} options.changed
   * @param {(before: Note | null, after: Note | null) => void} options.confirmed The server has done it to one.
   * @param {(ids: readonly string[]) => void} options.restoring These come back, which is no news.
   * @param {(notes: readonly Note[]) => void} options.returning Nor is it of these, which were put away.
   */
  constructor({ notes, toasts, changed, confirmed, restoring, returning }) {
    this.notes = notes;
    this.toasts = toasts;
    this.changed = changed;
    this.confirmed = confirmed;
    this.restoring = restoring;
    this.returning = returning;
    /** @type {Set<Wish>} */
    this.wishes = new Set();
    /** @type {Progress | null} */
    this.progress = null;
    /** @type {Map<string, Promise<unknown>>} What is under way, by id: one thing after another. */
    this.busy = new Map();
  }

  /** Do something with those that are named. @param {Name} name @param {readonly Note[]} notes @param {Order} [order] */
  async run(name, notes, order = {}) {
    const wanted = notes.filter(VERBS[name].needs);
    if (wanted.length > 0) await this.order(name, wanted, order);
  }

  /**
   * Do something with everything that a view has, loaded or not: which these are is asked first, so that undoing it
   * means just these.
   *
   * @param {Name} name
   * @param {Order & { accepts: (note: Note) => boolean, pages: () => AsyncIterable<Note[]> }} order
   */
  async runAll(name, { accepts, pages, ...order }) {
    const { needs, change, under } = VERBS[name];
    // What comes meanwhile is not meant.
    const here = new Set(this.notes.values().map(({ id }) => id));
    /** @type {Wish} */
    const wish = {
      covers: (note) => here.has(note.id) && accepts(note) && needs(note),
      change: (note) => change(note, order.until),
    };
    this.wishes.add(wish);
    let stopped = false;
    const progress = this.begin(under, 0, () => {
      stopped = true;
    });
    /** @type {Map<string, Note>} */
    const found = new Map();
    try {
      for await (const page of pages()) {
        for (const note of page) if (needs(note)) found.set(note.id, note);
        if (stopped) break;
        progress.done = found.size;
        this.changed();
      }
    } catch (error) {
      this.fail(name, [...found.values()], found.size, /** @type {Error} */ (error), () =>
        this.runAll(name, { accepts, pages, ...order }),
      );
      stopped = true;
    }
    this.end(progress);
    const working = stopped || found.size === 0 ? null : this.order(name, [...found.values()], order);
    this.wishes.delete(wish);
    this.changed();
    await working;
  }

  /** @param {Name} name @param {readonly Note[]} notes @param {Order} order */
  async order(name, notes, order) {
    const verb = VERBS[name];
    const ids = notes.map(({ id }) => id);
    const wish = wishFor(ids, (note) => verb.change(note, order.until));
    this.wishes.add(wish);
    if (name === "restore") this.revive(notes);
    if (name === "unarchive" || name === "unsnooze") this.returning(notes);
    this.changed();
    let stopped = false;
    const progress =
      notes.length > MANY
        ? this.begin(verb.under, notes.length, () => {
            stopped = true;
          })
        : null;
    const done = (/** @type {readonly string[]} */ part) => {
      for (const id of part) this.confirm(id, wish);
      if (progress) progress.done += part.length;
      this.changed();
    };
    const before = Promise.all(ids.map((id) => this.busy.get(id)));
    const work = before.then(() => send(verb, ids, { until: order.until, done, stopped: () => stopped }));
    for (const id of ids) this.busy.set(id, work);
    const { failed, error } = await work;
    for (const id of ids) if (this.busy.get(id) === work) this.busy.delete(id);
    this.wishes.delete(wish);
    if (progress) this.end(progress);
    this.changed();
    const left = new Set(failed);
    if (name === "restore") for (const id of failed) this.notes.remove(id, this.notes.get(id)?.version ?? 0);
    const undone = notes.filter(({ id }) => left.has(id));
    if (error) this.fail(name, undone, notes.length, error, () => this.order(name, undone, order));
    this.tell(
      name,
      notes.filter(({ id }) => !left.has(id)),
      order,
    );
  }

  /** @param {string} id @param {Wish & { ids: Set<string> }} wish */
  confirm(id, wish) {
    const before = this.notes.get(id) ?? null;
    wish.ids.delete(id);
    this.notes.change(id, wish.change);
    this.confirmed(before, this.notes.get(id) ?? null);
  }

  /** Show again what was deleted, as it was. @param {readonly Note[]} notes */
  revive(notes) {
    this.restoring(notes.map(({ id }) => id));
    for (const note of notes) if (!this.notes.get(note.id)) this.notes.put(note);
  }

  /** Tell what was done, with a way to undo it. @param {Name} name @param {readonly Note[]} notes @param {Order} order */
  tell(name, notes, { quiet = false }) {
    const { done, undo, tells = false } = VERBS[name];
    if (quiet || notes.length === 0 || (notes.length === 1 && !tells)) return;
    const text = notes.length === 1 ? notes[0]?.title : `${notes.length.toLocaleString()} notifications`;
    const back = () => this.takeBack(undo, notes);
    this.toasts.show({ title: done, text, level: "info", action: { words: "Undo", run: back } });
  }

  /** Undo what was done to *notes*, which are as they were before. @param {Name} undo @param {readonly Note[]} notes */
  async takeBack(undo, notes) {
    if (undo !== "snooze") return this.order(undo, notes, { quiet: true });
    for (const note of notes)
      if (note.snoozed_until) this.order("snooze", [note], { quiet: true, until: note.snoozed_until });
  }

  /** @param {Name} name @param {readonly Note[]} notes @param {number} total @param {Error} error @param {() => void} again */
  fail(name, notes, total, error, again) {
    const { failed } = VERBS[name];
    const some = `${notes.length.toLocaleString()} of ${total.toLocaleString()}`;
    const which = total === 1 ? `“${notes[0]?.title}”` : some;
    const title = notes.length === 0 ? "That did not work" : `${which} ${failed}`;
    const action = { words: "Retry", run: again };
    this.toasts.show({ title, text: error.message, level: "error", stays: true, action });
  }

  /** @param {string} words @param {number} total @param {() => void} stop */
  begin(words, total, stop) {
    this.progress = { words, done: 0, total, stop };
    this.changed();
    return this.progress;
  }

  /** @param {Progress} progress */
  end(progress) {
    if (this.progress === progress) this.progress = null;
  }
}
