import { button, byId, h } from "../dashboard/dom.js";
import { choices, inWords, local } from "./snooze-times.js";

const MINUTE = 60_000;
const YEAR = 365 * 24 * 60 * MINUTE;

/** Asks until when. Times are the person's own, by the clock of their device. */
export class SnoozeDialog {
  constructor() {
    this.dialog = /** @type {HTMLDialogElement} */ (byId("snooze"));
    this.list = byId("snooze-choices");
    this.field = /** @type {HTMLInputElement} */ (byId("snooze-own"));
    this.error = byId("snooze-error");
    /** @type {(until: string) => void} */
    this.chosen = () => {};
    byId("snooze-form").addEventListener("submit", (event) => this.own(event));
    byId("snooze-cancel").addEventListener("click", () => this.dialog.close());
    this.field.addEventListener("input", () => this.say());
  }

  /** @param {string} what Is put off. @param {(until: string) => void} chosen */
  ask(what, chosen) {
    const now = new Date();
    this.chosen = chosen;
    byId("snooze-what").textContent = what;
    this.error.textContent = "";
    this.list.replaceChildren(...choices(now).map((choice) => this.choice(choice, now)));
    this.field.value = "";
    this.field.min = local(new Date(now.getTime() + MINUTE));
    this.field.max = local(new Date(now.getTime() + YEAR));
    this.say();
    this.dialog.showModal();
    /** @type {HTMLElement} */ (this.list.firstElementChild).focus();
  }

  /** @param {import("./snooze-times.js").Choice} choice @param {Date} now */
  choice({ name, word, time }, now) {
    return button(
      `snooze-${name}`,
      "snooze-choice",
      () => this.finish(time),
      h("span", {}, word),
      h("span", { class: "muted" }, inWords(time, now)),
    );
  }

  /** @param {Event} event */
  own(event) {
    event.preventDefault();
    const time = new Date(this.field.value);
    const ahead = time.getTime() - Date.now();
    if (Number.isNaN(ahead)) this.error.textContent = "Choose a day and a time.";
    else if (ahead <= 0) this.error.textContent = "That is over. Choose a time that is to come.";
    else if (ahead > YEAR) this.error.textContent = "That is more than a year ahead. Choose an earlier time.";
    else this.finish(time);
  }

  /** Say in words what the field says in figures. */
  say() {
    const time = new Date(this.field.value);
    const known = !Number.isNaN(time.getTime());
    byId("snooze-words").textContent = known ? `Until ${inWords(time, new Date())}` : "In your own time zone.";
  }

  /** @param {Date} time */
  finish(time) {
    this.dialog.close();
    this.chosen(time.toISOString());
  }
}
