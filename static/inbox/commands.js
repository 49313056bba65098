import { VERBS } from "./verbs.js";

/** @import { Actions } from "./actions.js" */
/** @import { InboxList } from "./list.js" */
/** @import { Note } from "./notes.js" */
/** @import { Pages } from "./pages.js" */
/** @import { Selection } from "./selection.js" */
/** @import { SnoozeDialog } from "./snooze-dialog.js" */
/** @import { Name } from "./verbs.js" */

/** What buttons and keys mean: which notifications, and until when. */
export class Commands {
  /**
   * @param {object} parts
   * @param {Actions} parts.actions
   * @param {InboxList} parts.list
   * @param {Pages} parts.pages
   * @param {Selection} parts.selection
   * @param {SnoozeDialog} parts.snooze
   * @param {() => number | null} parts.total Of all that the view has.
   * @param {() => void} parts.render
   */
  constructor({ actions, list, pages, selection, snooze, total, render }) {
    this.actions = actions;
    this.list = list;
    this.pages = pages;
    this.selection = selection;
    this.snooze = snooze;
    this.total = total;
    this.render = render;
  }

  /** @param {() => void} help @returns {Record<string, () => boolean | void>} By key. */
  byKey(help) {
    return {
      j: () => this.list.move(1),
      k: () => this.list.move(-1),
      x: () => this.selectCurrent(),
      e: () => this.either("archive", "unarchive"),
      u: () => this.either("read", "unread"),
      s: () => this.either("save", "unsave"),
      "?": help,
      Escape: () => this.escape(),
    };
  }

  /** Open one, which then is read, or close it. @param {Note} note */
  toggle(note) {
    if (this.list.open === note.id) this.list.close();
    else {
      this.list.expand(note.id);
      this.actions.run("read", this.list.unfolded([note]), { quiet: true });
    }
    this.render();
  }

  /** Do something with what is selected. @param {Name} name */
  toSelected(name) {
    const { selection, pages } = this;
    if (!selection.everything) return this.to(name, this.selected());
    const count = this.total()?.toLocaleString() ?? "";
    this.until(name, `All ${count} that match`, (until) => {
      selection.clear();
      this.actions.runAll(name, { accepts: pages.accepts, pages: () => pages.walk(), until });
    });
  }

  /** @param {Name} name @param {readonly Note[]} entries */
  to(name, entries) {
    const notes = this.list.unfolded(entries);
    const what = notes.length === 1 ? (notes[0]?.title ?? "") : `${notes.length.toLocaleString()} notifications`;
    this.until(name, what, (until) => {
      if (entries.length > 1) this.selection.clear();
      this.actions.run(name, notes, { until });
    });
  }

  /** @param {Name} name @param {string} what @param {(until?: string) => void} run */
  until(name, what, run) {
    if (name === "snooze") this.snooze.ask(what, run);
    else run();
  }

  /** Mark as read all that the view has; undoing it means those alone that were unread. */
  readAll() {
    const { accepts } = this.pages;
    this.actions.runAll("read", { accepts, pages: () => this.pages.walk({ read: "false" }) });
  }

  selected() {
    return this.list.notes.filter(({ id }) => this.selection.has(id));
  }

  /** One of two opposites, for what is selected or the row that has the focus. @param {Name} name @param {Name} other */
  either(name, other) {
    const { current } = this.list;
    const notes = this.selection.isEmpty ? (current ? [current] : []) : this.selected();
    if (notes.length === 0) return false;
    const verb = notes.some(VERBS[name].needs) ? name : other;
    if (this.selection.isEmpty) this.to(verb, notes);
    else this.toSelected(verb);
    return true;
  }

  selectCurrent() {
    const { current, notes } = this.list;
    if (!current) return false;
    this.selection.toggle(current.id, notes);
    return true;
  }

  /** Close what is open, or else take the ticks away. */
  escape() {
    if (this.list.close()) {
      this.render();
      return true;
    }
    if (this.selection.isEmpty) return false;
    this.selection.clear();
    return true;
  }
}
