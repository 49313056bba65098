import { button, byId, h, icon } from "./dom.js";
import { destination, linked } from "./links.js";
import { leadTo, NoteActions } from "./note-actions.js";
import { levelOf } from "./row.js";

/** @import { Clock } from "../realtime/types.js" */
/** @import { Item } from "./store.js" */

const AT_MOST = 3;
const SHOWN_FOR = 8_000;
/** More than this many within `STORM_TIME` is a storm: one toast that counts, instead of one for each. */
const STORM = 6;
const STORM_TIME = 10_000;
/** What comes within so many milliseconds is announced together. */
const TOGETHER = 100;
const TOGETHER_IN_STORM = 1_000;

/**
 * @typedef {object} Toast
 * @property {string} title
 * @property {string} [text]
 * @property {string} level
 * @property {boolean} [stays] Until it is dismissed.
 * @property {{ words: string, run: () => void }} [action]
 * @property {boolean} [polite] Whether it waits for its turn to be read out, also where it is of an error.
 * @property {Item} [item] Whose link and buttons it shows.
 */

/**
 * Short notes in a corner: newest on top, three at most, the rest is in the panel. They never take the focus, and
 * wait while the pointer or the focus is on them.
 */
export class Toasts {
  /** @param {{ clock: Clock, open: () => void, visit?: (item: Item) => void }} options `open` shows the panel. */
  constructor({ clock, open, visit = () => {} }) {
    this.clock = clock;
    this.visit = visit;
    this.opening = { words: "Open", run: open };
    this.container = byId("toasts");
    /** @type {Item[]} What has come and is about to be told. */
    this.arrived = [];
    /** @type {number[]} When the last arrivals came. */
    this.recent = [];
    /** @type {{ element: HTMLElement, total: number, errors: number } | null} */
    this.storm = null;
    /** @type {Map<string, { element: HTMLElement, total: number }>} The toast of each group. */
    this.groups = new Map();
  }

  /** @param {Item[]} items What has arrived. @param {boolean} missed Whether that was while nobody was connected. */
  announce(items, missed) {
    const wait = this.storm?.element.isConnected ? TOGETHER_IN_STORM : TOGETHER;
    if (this.arrived.length === 0) this.clock.after(() => this.tell(missed), wait);
    this.arrived.push(...items);
  }

  /** @param {boolean} missed */
  tell(missed) {
    const items = this.arrived.splice(0);
    const now = this.clock.now();
    this.recent = [...this.recent.filter((time) => now - time < STORM_TIME), ...items.map(() => now)];
    const [first] = items;
    const same = first?.group_key && items.every((item) => item.group_key === first.group_key);
    const storm = this.storm?.element.isConnected || this.recent.length > STORM || items.length > AT_MOST;
    if (storm && !(same && !this.storm?.element.isConnected)) this.count(items, missed);
    else for (const item of items) if (!item.group_key) this.one(item);
    if (this.storm?.element.isConnected) return;
    for (const [key, some] of byGroup(items)) this.group(key, some);
  }

  /** Tell of a group in one toast, which counts while it is there. @param {string} key @param {Item[]} items */
  group(key, items) {
    const before = this.groups.get(key);
    const total = (before?.element.isConnected ? before.total : 0) + items.length;
    const item = /** @type {Item} */ (items.at(-1));
    if (total === 1) {
      this.groups.set(key, { element: this.one(item), total });
      return;
    }
    const text = `${total} new of this kind. The others are in the panel.`;
    const stays = item.level === "warning" || item.level === "error";
    const toast = { title: item.title, text, level: item.level, stays, action: this.opening, polite: true, item };
    this.groups.set(key, { element: this.replace(before?.element, toast), total });
  }

  /** @param {Item} item */
  one(item) {
    const stays = item.level === "warning" || item.level === "error";
    return this.show({ title: item.title, text: item.message, level: item.level, stays, action: this.opening, item });
  }

  /** @param {Item[]} items @param {boolean} missed */
  count(items, missed) {
    const before = this.storm?.element.isConnected ? this.storm : { total: 0, errors: 0, element: null };
    const total = before.total + items.length;
    const errors = before.errors + items.filter((item) => item.level === "error").length;
    const title = `${total} new notifications${missed ? " while you were away" : ""}`;
    const among =
      errors > 0 ? `${errors} ${errors === 1 ? "error" : "errors"} among them.` : "They are all in the panel.";
    const text = `${among} The latest: ${items.at(-1)?.title}`;
    for (const { element } of this.groups.values()) element.remove();
    this.groups.clear();
    const toast = { title, text, level: errors > 0 ? "error" : "info", action: this.opening, polite: true };
    this.storm = { element: this.replace(before.element, toast), total, errors };
  }

  /** Put *toast* in the place of one that is there, without a word to a screen reader: it has been told of these. */
  replace(/** @type {HTMLElement | null | undefined} */ element, /** @type {Toast} */ toast) {
    if (!element?.isConnected) return this.show(toast);
    const made = this.build(toast);
    made.classList.add("still");
    made.removeAttribute("role");
    element.replaceWith(made);
    if (!toast.stays) this.expire(made);
    return made;
  }

  /** @param {Toast} toast @returns {HTMLElement} */
  show(toast) {
    const element = this.build(toast);
    this.container.prepend(element);
    this.crowdOut();
    if (!toast.stays) this.expire(element);
    return element;
  }

  /** Let the oldest go where there are too many; those that stay until they are dismissed go last. */
  crowdOut() {
    const all = /** @type {HTMLElement[]} */ ([...this.container.children]);
    const oldest = all.slice(1).reverse();
    const going = [...oldest.filter((one) => !one.dataset.stays), ...oldest.filter((one) => one.dataset.stays)];
    for (const one of going.slice(0, Math.max(0, all.length - AT_MOST))) one.remove();
  }

  clear() {
    this.container.replaceChildren();
  }

  /** @param {Toast} toast */
  build({ title, text, level, stays, action, polite, item }) {
    const { icon: name, word } = levelOf(level);
    const place = destination(item?.link);
    const visit = () => item && this.visit(item);
    const titled = place ? h("a", { "data-testid": "toast-link", click: visit, auxclick: visit }, title) : title;
    if (place && typeof titled !== "string") leadTo(titled, place);
    const said = h("strong", {}, h("span", { class: "sr-only" }, `${word}: `), titled);
    const offers = new NoteActions(visit);
    offers.update(item?.actions);
    const element = h(
      "div",
      {
        class: "toast",
        role: level === "error" && !polite ? "alert" : "status",
        "data-level": name,
        "data-testid": "toast",
      },
      h("span", { class: "note-mark" }, icon(name)),
      h("div", { class: "toast-body" }, said, text && h("p", {}, ...linked(text)), offers.element),
    );
    const leave = () => element.remove();
    if (stays) element.dataset.stays = "true";
    const act = () => {
      leave();
      action?.run();
    };
    if (action) element.append(button("toast-action", "button quiet", act, action.words));
    element.append(button("toast-dismiss", "icon-button small", leave, icon("close")));
    element.lastElementChild?.setAttribute("aria-label", "Dismiss");
    return element;
  }

  /** @param {HTMLElement} element */
  expire(element) {
    const leave = () => element.remove();
    let timer = this.clock.after(leave, SHOWN_FOR);
    const hold = () => this.clock.cancel(timer);
    const resume = () => {
      hold();
      timer = this.clock.after(leave, SHOWN_FOR / 2);
    };
    for (const event of ["pointerenter", "focusin"]) element.addEventListener(event, hold);
    for (const event of ["pointerleave", "focusout"]) element.addEventListener(event, resume);
  }
}

/** @param {Item[]} items @returns {Map<string, Item[]>} */
function byGroup(items) {
  const found = new Map();
  for (const item of items) if (item.group_key) found.set(item.group_key, [...(found.get(item.group_key) ?? []), item]);
  return found;
}
