import { changedMark } from "../dashboard/changed-mark.js";
import { button, h, icon } from "../dashboard/dom.js";
import { rove } from "../dashboard/roving.js";
import { levelOf } from "../dashboard/row.js";
import { absolute, ago } from "../dashboard/time.js";
import { inWords } from "./snooze-times.js";
import { VERBS } from "./verbs.js";

/** @import { Details } from "./details.js" */
/** @import { Note } from "./notes.js" */
/** @import { Name } from "./verbs.js" */

/**
 * @typedef {object} Context
 * @property {Details} details Of the one that is open.
 * @property {(id: string) => boolean} isOpen
 * @property {(id: string) => boolean} isSelected
 * @property {(id: string) => number} countOf How many are folded into this entry.
 * @property {(id: string) => "new" | "changed" | null} mark
 * @property {(note: Note) => void} toggle Open or close it.
 * @property {(note: Note, range: boolean) => void} select
 * @property {(name: Name, note: Note) => void} act
 */

let count = 0;
/** What a press on is no press on the row. */
const CONTROLS = "button, a, input, label, summary, .item-details";

/** One notification in the list; it can show one after another. */
export class InboxRow {
  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    /** @type {Note | null} */
    this.note = null;
    count += 1;
    this.check = h("input", {
      type: "checkbox",
      "data-testid": "item-check",
      click: (/** @type {MouseEvent} */ event) => this.note && context.select(this.note, event.shiftKey),
    });
    this.level = h("span", { class: "note-mark" });
    this.words = h("span");
    this.title = button("item-title", "item-open", () => this.note && context.toggle(this.note), this.words);
    this.message = h("p", { class: "item-message", id: `item-message-${count}`, "data-testid": "item-message" });
    this.origin = h("span", { class: "item-origin" });
    this.mark = h("span", { class: "item-mark" });
    this.count = h("span", { class: "item-count", "data-testid": "item-count" });
    this.badges = h("span", { class: "item-badges", "data-testid": "item-badges" });
    this.time = h("time", { class: "item-time" });
    this.actions = {
      read: this.action("read"),
      archive: this.action("archive"),
      save: this.action("save"),
      snooze: this.action("snooze"),
      delete: this.action("delete"),
    };
    this.element = this.build();
    rove(this.element, [this.check, this.title, ...Object.values(this.actions)]);
  }

  build() {
    this.words.id = `item-title-${count}`;
    const heading = h("h2", { class: "item-title" }, this.title, this.count, this.mark);
    const about = h("p", { class: "item-about" }, this.origin, this.badges);
    const words = h("div", { class: "item-words" }, heading, this.message, about);
    const actions = h("div", { class: "item-actions" }, ...Object.values(this.actions));
    this.line = h(
      "div",
      { class: "item-line", click: (/** @type {MouseEvent} */ event) => this.pressed(event) },
      h("label", { class: "item-check" }, this.check),
      this.level,
      words,
      this.time,
      actions,
    );
    const named = { "aria-labelledby": this.words.id, "aria-describedby": this.message.id };
    return h("article", { class: "inbox-item", "data-testid": "inbox-item", ...named }, this.line);
  }

  /** @param {Name} name */
  action(name) {
    const element = button(`item-${name}`, "icon-button small", () => {
      if (this.note) this.context.act(/** @type {Name} */ (element.dataset.verb), this.note);
    });
    return element;
  }

  /** @param {MouseEvent} event */
  pressed(event) {
    if (/** @type {Element} */ (event.target).closest(CONTROLS) || !this.note) return;
    if (`${getSelection()}` === "") this.context.toggle(this.note);
  }

  /** @param {Note} note */
  fill(note) {
    const { context, element } = this;
    const [open, selected] = [context.isOpen(note.id), context.isSelected(note.id)];
    attribute(this.title, "aria-expanded", `${open}`);
    element.dataset.open = `${open}`;
    element.dataset.selected = `${selected}`;
    this.check.checked = selected;
    this.open(open, note);
    write(this.time, ago(note.created_at, Date.now()));
    this.marked(context.mark(note.id));
    this.counted(context.countOf(note.id));
    this.until(note);
    if (this.note === note) return;
    this.note = note;
    element.dataset.id = note.id;
    element.dataset.read = `${note.read}`;
    this.say(note);
    this.label(note);
  }

  /** @param {boolean} open @param {Note} note */
  open(open, note) {
    const { details } = this.context;
    const here = details.element.parentNode === this.element;
    if (open) {
      if (!here) this.element.append(details.element);
      details.show(note);
    } else if (here) details.element.remove();
  }

  /** @param {Note} note */
  say(note) {
    const level = levelOf(note.level);
    this.element.dataset.level = level.icon;
    const state = h("span", { class: "sr-only" }, `${note.read ? "" : "Unread. "}${level.word}: `);
    this.level.replaceChildren(icon(level.icon));
    this.level.title = level.word;
    this.words.replaceChildren(state, ...(note.sensitive ? [icon("lock")] : []), note.title);
    write(this.message, note.message);
    write(this.origin, [level.word, note.category, note.related_entity].filter(Boolean).join(" · "));
    attribute(this.time, "datetime", note.created_at);
    this.time.title = absolute(note.created_at);
  }

  /** @param {Note} note */
  label(note) {
    attribute(this.check, "aria-label", `Select: ${note.title}`);
    const names = /** @type {const} */ ({
      read: note.read ? "unread" : "read",
      archive: note.archived ? "unarchive" : "archive",
      save: note.saved ? "unsave" : "save",
      snooze: note.snoozed_until ? "unsnooze" : "snooze",
      delete: "delete",
    });
    for (const [place, name] of Object.entries(names)) {
      const element = this.actions[/** @type {keyof typeof names} */ (place)];
      const verb = VERBS[name];
      attribute(element, "aria-label", `${verb.word}: ${note.title}`);
      element.title = verb.word;
      if (element.dataset.verb === name) continue;
      element.dataset.verb = name;
      element.replaceChildren(icon(verb.icon));
    }
  }

  /** @param {number} count */
  counted(count) {
    const text = count > 1 ? `×\u00a0${count.toLocaleString()}` : "";
    if (this.count.textContent === text) return;
    this.count.textContent = text;
    this.count.title = text && `${count.toLocaleString()} notifications of one group`;
  }

  /** @param {"new" | "changed" | null} since */
  marked(since) {
    if (this.mark.dataset.since === (since ?? "")) return;
    this.mark.dataset.since = since ?? "";
    this.mark.replaceChildren(...[changedMark(since)].filter((mark) => mark !== null));
  }

  /** What else is the matter with it: saved, archived, snoozed until when. @param {Note} note */
  until(note) {
    const badges = badgesOf(note, new Date());
    const key = badges.map(({ words }) => words).join("\n");
    if (this.badges.dataset.shows === key) return;
    this.badges.dataset.shows = key;
    this.badges.replaceChildren(
      ...badges.map(({ name, words }) => h("span", { class: "item-badge", "data-badge": name }, icon(name), words)),
    );
  }
}

/** @param {Note} note @param {Date} now */
export function badgesOf(note, now) {
  const badges = [];
  if (note.snoozed_until) badges.push({ name: "snooze", words: `Until ${inWords(new Date(note.snoozed_until), now)}` });
  if (note.saved) badges.push({ name: "bookmarked", words: "Saved" });
  if (note.archived) badges.push({ name: "archive", words: "Archived" });
  return badges;
}

/** @param {Element} element @param {string} text */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {Element} element @param {string} name @param {string} value */
function attribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
