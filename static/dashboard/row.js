import { button, h, icon } from "./dom.js";
import { destination, linked } from "./links.js";
import { leadTo, NoteActions } from "./note-actions.js";
import { Secret } from "./secret.js";
import { absolute, ago } from "./time.js";

/** @import { Group } from "./grouping.js" */
/** @import { Item } from "./store.js" */
/**
 * @typedef {object} RowActions
 * @property {(item: Item, read: boolean) => void} mark
 * @property {(item: Item) => void} remove
 * @property {string} removeWord
 * @property {(item: Item) => void} visit The person follows its link.
 * @property {(group: Group, read: boolean) => void} markGroup
 * @property {(group: Group) => void} removeGroup
 * @property {(group: Group) => void} loadGroup Ask for more of its members.
 * @property {(item: Item) => Promise<Record<string, any>>} read Ask for what a sensitive one says.
 */

export const LEVELS = { info: "Info", success: "Success", warning: "Warning", error: "Error" };

/** A level's word and icon; one that this page does not know reads as it came. @param {string} level */
export function levelOf(level) {
  const word = new Map(Object.entries(LEVELS)).get(level);
  return word ? { icon: level, word } : { icon: "info", word: level };
}

/** One notification on the page. It is changed in place, so that the focus stays where it is. */
export class Row {
  /** @param {"li" | "article"} tag @param {Item} item @param {RowActions} actions */
  constructor(tag, item, actions) {
    this.item = item;
    this.actions = actions;
    /** For how many it stands. */
    this.many = 1;
    /** What the title shows. */
    this.entitled = "";
    this.offers = new NoteActions(() => actions.visit(this.item));
    this.mark = h("span", { class: "note-mark" });
    this.title = h("h3", { class: "note-title", "data-testid": "notification-title" });
    this.message = h("p", { class: "note-message", "data-testid": "notification-message" });
    this.secret = item.sensitive === true ? new Secret(() => actions.read(this.item)) : null;
    this.level = h("span", { class: "note-level" });
    this.origin = h("span", { class: "note-origin" });
    this.time = h("time", {});
    this.meta = h("p", { class: "note-meta" });
    this.body = h("div", { class: "note-body" });
    const look = "icon-button small";
    this.readButton = button("toggle-read", look, () => actions.mark(this.item, !this.item.read));
    this.removeButton = button("delete", look, () => actions.remove(this.item));
    this.element = this.build(tag);
    this.update(item);
  }

  /** @param {"li" | "article"} tag */
  build(tag) {
    const { title, message, secret, offers, meta, body } = this;
    meta.append(this.level, this.origin, this.time);
    body.append(title, message, ...(secret ? [secret.element] : []), meta, offers.element);
    if (this.secret) this.secret.element.before(this.secret.button);
    const actions = h("div", { class: "note-actions" }, this.readButton, this.removeButton);
    return h(tag, { class: "note", "data-testid": "notification" }, this.mark, this.body, actions);
  }

  /** @param {Item} item */
  update(item) {
    const known = this.item === item && this.shown === this.many;
    if (this.item.version !== item.version) this.conceal();
    this.item = item;
    this.shown = this.many;
    if (known) return;
    this.element.dataset.id = item.id;
    const level = levelOf(item.level);
    this.element.dataset.level = level.icon;
    this.element.dataset.read = `${item.read}`;
    this.mark.replaceChildren(icon(level.icon), item.read ? "" : h("span", { class: "sr-only" }, "Unread. "));
    this.entitle(item);
    this.offers.update(item.actions);
    // Not where it is the same: the focus may be on one of its links.
    if (this.message.textContent !== item.message) this.message.replaceChildren(...linked(item.message));
    this.level.textContent = level.word;
    this.origin.textContent = [item.category, item.related_entity].filter(Boolean).join(" · ");
    this.time.dateTime = item.created_at;
    this.time.title = absolute(item.created_at);
    const all = this.many > 1 ? ` all ${this.many}` : "";
    this.label(this.readButton, item.read ? "unread" : "check", `Mark${all} as ${item.read ? "unread" : "read"}`);
    this.label(this.removeButton, "trash", `${this.actions.removeWord}${all}`);
    this.tick(Date.now());
  }

  /** Show the title, as a link where it leads somewhere. @param {Item} item */
  entitle(item) {
    const place = destination(item.link);
    const title = `${place?.href} ${item.title}`;
    if (this.entitled === title) return; // The focus may be on it.
    this.entitled = title;
    const visit = () => this.actions.visit(this.item);
    const words = place
      ? h("a", { "data-testid": "notification-link", click: visit, auxclick: visit }, item.title)
      : h("span", {}, item.title);
    if (place) leadTo(words, place);
    this.title.replaceChildren(...(this.secret ? [icon("lock")] : []), words);
  }

  /** @param {HTMLElement} target @param {string} name @param {string} words */
  label(target, name, words) {
    target.title = words;
    target.setAttribute("aria-label", `${words}: ${this.item.title}`);
    target.replaceChildren(icon(name));
  }

  /** Hide what a sensitive one says, where it is shown. */
  conceal() {
    if (this.secret?.isOpen) this.secret.hide();
  }

  /** Let the relative time be right. @param {number} now */
  tick(now) {
    const text = ago(this.item.created_at, now);
    if (this.time.textContent !== text) this.time.textContent = text;
  }
}
