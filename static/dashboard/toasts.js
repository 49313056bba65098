import { button, byId, h, icon } from "./dom.js";
import { linked } from "./links.js";
import { levelOf } from "./row.js";

/** @import { Clock } from "../realtime/types.js" */
/** @import { ArrivalAnnouncer } from "./arrivals.js" */
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
 * @property {boolean} [silent] A screen reader is told by something else.
 * @property {boolean} [stays] Until it is dismissed.
 * @property {{ words: string, run: () => void }} [action]
 */

/**
 * Short notes in a corner: newest on top, three at most, the rest is in the panel. They never take the focus, and
 * wait while the pointer or the focus is on them.
 */
export class Toasts {
  /** @param {{ clock: Clock, announcer: ArrivalAnnouncer, open: () => void }} options `open` shows the panel. */
  constructor({ clock, announcer, open }) {
    this.clock = clock;
    this.announcer = announcer;
    this.opening = { words: "Open", run: open };
    this.container = byId("toasts");
    /** @type {Item[]} What has come and is about to be told. */
    this.arrived = [];
    /** @type {number[]} When the last arrivals came. */
    this.recent = [];
    /** @type {{ element: HTMLElement, total: number, errors: number } | null} */
    this.storm = null;
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
    if (this.recent.length > STORM || items.length > AT_MOST) this.count(items, missed);
    else for (const item of items) this.one(item);
  }

  /** @param {Item} item */
  one(item) {
    const stays = item.level === "warning" || item.level === "error";
    this.show({ title: item.title, text: item.message, level: item.level, stays, action: this.opening });
  }

  /** @param {Item[]} items @param {boolean} missed */
  count(items, missed) {
    const before = this.storm?.element.isConnected ? this.storm : { total: 0, errors: 0, element: null };
    const total = before.total + items.length;
    const errors = before.errors + items.filter((item) => item.level === "error").length;
    const title = `${total} new notifications${missed ? " while you were away" : ""}`;
    const text =
      errors > 0 ? `${errors} ${errors === 1 ? "error" : "errors"} among them.` : "They are all in the panel.";
    before.element?.remove();
    const level = errors > 0 ? "error" : "info";
    // Each new sum is shown, but only now and then said.
    const element = this.show({ title, text, level, action: this.opening, silent: before.element !== null });
    if (before.element) element.classList.add("still");
    if (before.element) this.announcer.add(/** @type {any[]} */ (items));
    else this.announcer.told();
    this.storm = { element, total, errors };
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
  build({ title, text, level, stays, silent, action }) {
    const { icon: name, word } = levelOf(level);
    const said = h("strong", {}, h("span", { class: "sr-only" }, `${word}: `), title);
    const element = h(
      "div",
      {
        class: "toast",
        role: silent ? "group" : level === "error" ? "alert" : "status",
        "data-level": name,
        "data-testid": "toast",
      },
      h("span", { class: "note-mark" }, icon(name)),
      h("div", { class: "toast-body" }, said, text && h("p", {}, ...linked(text))),
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
