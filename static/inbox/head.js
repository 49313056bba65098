import { button, h, icon } from "../dashboard/dom.js";
import { ProgressBar } from "../dashboard/progress-bar.js";
import { VERBS } from "./verbs.js";

/** @import { Progress } from "./actions.js" */
/** @import { Tab } from "./tabs.js" */
/** @import { Name } from "./verbs.js" */

/**
 * @typedef {object} Scene
 * @property {Tab} tab
 * @property {number} shown Rows.
 * @property {number} ticked Of these; all where everything is.
 * @property {number} loaded Notifications that the rows stand for: more than rows, where there are groups.
 * @property {number} selected Of these.
 * @property {boolean} everything
 * @property {number | null} total Of all that the view has, loaded or not; null while nobody knows.
 * @property {boolean} mayBeUnread Whether the view has something that is not read, as far as this page knows.
 * @property {Progress | null} progress
 */

/** @type {Record<Tab, Name[]>} */
const OFFERED = {
  inbox: ["read", "unread", "archive", "save", "snooze", "delete"],
  unread: ["read", "archive", "save", "snooze", "delete"],
  saved: ["read", "unread", "archive", "unsave", "snooze", "delete"],
  snoozed: ["unsnooze", "read", "unread", "archive", "save", "delete"],
  archived: ["unarchive", "read", "unread", "save", "delete"],
};

/** The line above the list: what is ticked and what to do with it, or how many there are. */
export class Head {
  /**
   * @param {HTMLElement} element
   * @param {object} actions
   * @param {(all: boolean) => void} actions.select All that are shown, or none.
   * @param {() => void} actions.whole All that the filter asks for.
   * @param {(name: Name) => void} actions.act
   * @param {() => void} actions.readAll
   */
  constructor(element, actions) {
    this.actions = actions;
    this.check = h("input", {
      type: "checkbox",
      id: "select-all",
      "data-testid": "select-all",
      "aria-label": "Select all shown",
    });
    this.check.addEventListener("click", () => actions.select(this.check.checked));
    this.words = h("span", { class: "head-words", "data-testid": "head-words" });
    this.whole = button("select-whole", "button quiet", actions.whole);
    this.verbs = h("div", {
      class: "head-verbs",
      role: "group",
      "aria-label": "Do with what is selected",
      "data-testid": "bulk",
    });
    this.readAll = button("inbox-read-all", "button quiet", actions.readAll, icon("check-all"), "Mark all as read");
    this.bar = new ProgressBar();
    this.stop = button("progress-stop", "button", () => this.progress?.stop(), "Stop");
    this.under = h(
      "div",
      { class: "head-progress", "data-testid": "bulk-progress" },
      h("span"),
      this.bar.element,
      this.stop,
    );
    /** @type {Progress | null} */
    this.progress = null;
    this.offered = "";
    const label = h("label", { class: "item-check" }, this.check);
    const rest = h("span", { class: "spacer" });
    element.append(label, this.words, this.whole, this.verbs, rest, this.under, this.readAll);
  }

  /** @param {Scene} scene */
  show(scene) {
    const { shown, ticked, loaded, everything, total, mayBeUnread, progress } = scene;
    const all = shown > 0 && ticked >= shown;
    this.check.checked = all;
    this.check.indeterminate = ticked > 0 && !all;
    this.check.disabled = shown === 0;
    write(this.words, wordsOf(scene));
    const beyond = total === null || total > loaded;
    this.whole.hidden = !all || everything || !beyond;
    write(this.whole, total === null ? "Select all that match" : `Select all ${total.toLocaleString()}`);
    this.offer(ticked > 0 && !progress ? scene.tab : null);
    this.readAll.hidden = ticked > 0 || progress !== null;
    this.readAll.disabled = !mayBeUnread;
    this.follow(progress);
  }

  /** @param {Tab | null} tab */
  offer(tab) {
    this.verbs.hidden = tab === null;
    if (tab === null || this.offered === tab) return;
    this.offered = tab;
    this.verbs.replaceChildren(
      ...OFFERED[tab].map((name) => {
        const { word, icon: look } = VERBS[name];
        const element = button(
          `bulk-${name}`,
          "button quiet",
          () => this.actions.act(name),
          icon(look),
          h("span", {}, word),
        );
        element.title = word;
        return element;
      }),
    );
  }

  /** @param {Progress | null} progress */
  follow(progress) {
    this.progress = progress;
    this.under.hidden = progress === null;
    if (!progress) return;
    const { words, done, total } = progress;
    this.bar.label(words);
    this.bar.show(total > 0 ? (100 * done) / total : null);
    const of = total > 0 ? ` of ${total.toLocaleString()}` : "";
    write(/** @type {Element} */ (this.under.firstElementChild), `${words} ${done.toLocaleString()}${of}`);
  }
}

/** @param {Scene} scene */
function wordsOf({ shown, selected, everything, total, progress }) {
  if (progress) return "";
  if (everything) return total === null ? "All selected" : `All ${total.toLocaleString()} selected`;
  if (selected > 0) return `${selected.toLocaleString()} selected`;
  if (shown === 0) return "";
  const count = total ?? shown;
  return `${count.toLocaleString()}${total === null ? "+" : ""} ${count === 1 ? "notification" : "notifications"}`;
}

/** @param {Element} element @param {string} text */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
