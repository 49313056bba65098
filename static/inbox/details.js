import { button, h, icon } from "../dashboard/dom.js";
import { destination, linked } from "../dashboard/links.js";
import { leadTo, NoteActions } from "../dashboard/note-actions.js";
import { levelOf } from "../dashboard/row.js";
import { Secret } from "../dashboard/secret.js";
import { absolute } from "../dashboard/time.js";
import { hostAddress } from "../jobs/links.js";
import { groupName } from "./group-name.js";
import { VERBS } from "./verbs.js";

/** @import { Note } from "./notes.js" */
/** @import { Name } from "./verbs.js" */

/**
 * @typedef {object} Context
 * @property {(name: Name, note: Note) => void} act
 * @property {(entity: string) => void} about Show all that is about it.
 * @property {(key: string) => void} group Show all of a group.
 * @property {(note: Note) => Promise<Record<string, any>>} read Ask for what a sensitive one says.
 * @property {(height: number) => void} resized
 */

/** All that there is to say of the notification that is open, below its row. */
export class Details {
  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    /** @type {Note | null} */
    this.note = null;
    /** @type {Secret | null} */
    this.secret = null;
    /** What can be done with it, as it was offered last. */
    this.offered = "";
    this.body = h("div", { class: "details-body" });
    this.offers = new NoteActions(() => {});
    this.buttons = h("div", { class: "details-buttons", role: "group", "aria-label": "What to do with it" });
    this.element = h(
      "div",
      { class: "item-details", "data-testid": "item-details" },
      this.body,
      this.offers.element,
      this.buttons,
    );
    new ResizeObserver(() => this.element.isConnected && context.resized(this.element.offsetHeight)).observe(
      this.element,
    );
  }

  /** @param {Note} note */
  show(note) {
    if (this.note === note) return;
    const said = this.note?.id === note.id && this.note.version === note.version;
    this.note = note;
    // What it says stays as it is, and the focus in it; what can be done with it may be something else.
    if (!said) this.say(note);
    this.offer(note);
  }

  /** Forget it. */
  clear() {
    this.conceal();
    this.note = null;
    this.secret = null;
    this.body.replaceChildren();
    this.element.remove();
  }

  /** Hide what a sensitive one says. */
  conceal() {
    if (this.secret?.isOpen) this.secret.hide();
  }

  /** @param {Note} note */
  say(note) {
    this.conceal();
    this.secret = note.sensitive ? new Secret(() => this.context.read(note)) : null;
    const message =
      note.message && h("p", { class: "details-message", "data-testid": "details-message" }, ...linked(note.message));
    this.body.replaceChildren(
      ...(this.secret ? [this.secret.button, this.secret.element] : []),
      ...(message ? [message] : []),
      this.facts(note),
      ...metadata(note),
      raw(note),
    );
  }

  /** @param {Note} note */
  facts(note) {
    const time = (/** @type {string | null} */ value) => value && h("time", { datetime: value }, absolute(value));
    /** @type {[string, Node | string | null][]} */
    const facts = [
      ["Level", levelOf(note.level).word],
      ["Category", note.category],
      ["About", note.related_entity && this.about(note)],
      ["Group", note.group_key && this.group(note.group_key)],
      ["Created", time(note.created_at)],
      ["Updated", note.version > 1 ? time(note.updated_at) : null],
      ["Expires", time(note.expires_at)],
      ["Snoozed until", time(note.snoozed_until)],
    ];
    return list(facts);
  }

  /** @param {Note} note */
  about({ related_entity: entity, category }) {
    const all = button("details-about", "link-button", () => this.context.about(entity), entity);
    all.title = `Show all about ${entity}`;
    if (category !== "host") return all;
    return h(
      "span",
      {},
      all,
      " · ",
      h("a", { href: hostAddress(entity), "data-testid": "details-host" }, "Open the host"),
    );
  }

  /** @param {string} key */
  group(key) {
    const element = button("details-group", "link-button", () => this.context.group(key), groupName(key));
    element.title = "Show all of this group";
    return element;
  }

  /** @param {Note} note */
  offer(note) {
    this.offers.update(note.actions);
    const names = /** @type {Name[]} */ ([
      note.read ? "unread" : "read",
      note.archived ? "unarchive" : "archive",
      note.saved ? "unsave" : "save",
      note.snoozed_until ? "unsnooze" : "snooze",
      "delete",
    ]);
    const key = `${note.id} ${note.version} ${names}`;
    if (this.offered === key) return;
    this.offered = key;
    const focused = [...this.buttons.children].indexOf(/** @type {Element} */ (document.activeElement));
    const link = leadsTo(note);
    this.buttons.replaceChildren(
      ...(link ? [link] : []),
      ...names.map((name) => {
        const { icon: look, word } = VERBS[name];
        return button(
          `details-${name}`,
          "button quiet",
          () => this.note && this.context.act(name, this.note),
          icon(look),
          word,
        );
      }),
    );
    if (focused >= 0) /** @type {HTMLElement | undefined} */ (this.buttons.children[focused])?.focus();
  }
}

/** @param {Note} note @returns {Node[]} */
function metadata({ metadata: data }) {
  const entries = Object.entries(data ?? {});
  if (entries.length === 0) return [];
  const facts = entries.map(([name, value]) => /** @type {[string, string]} */ ([name, plain(value)]));
  return [h("h3", { class: "details-head" }, "Metadata"), list(facts)];
}

/** The whole as the API says it. @param {Note} note */
function raw(note) {
  const text = h("pre", { class: "details-json", tabindex: "0", "aria-label": "JSON", "data-testid": "details-json" });
  const whole = h("details", { class: "details-raw" }, h("summary", {}, "JSON"), text);
  whole.addEventListener("toggle", () => {
    text.textContent = whole.open ? JSON.stringify(note, null, 2) : "";
  });
  return whole;
}

/** @param {[string, Node | string | null | undefined][]} facts */
function list(facts) {
  const said = facts.filter(([, value]) => value);
  return h(
    "dl",
    { class: "details-facts" },
    ...said.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, /** @type {any} */ (value)))),
  );
}

/** @param {unknown} value */
function plain(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Where a notification leads; null where it leads nowhere that it may. @param {Note} note */
function leadsTo({ link }) {
  const place = destination(link);
  if (!place) return null;
  const element = h("a", { class: "button primary", "data-testid": "details-link" }, "Open");
  leadTo(element, place);
  return element;
}
