import { button, byId, h, icon } from "../dashboard/dom.js";
import { copy, download } from "./taking.js";

/**
 * @typedef {object} Actions
 * @property {string} id The job's.
 * @property {HTMLElement} search
 * @property {(on: boolean) => void} follow
 * @property {(on: boolean) => void} wrap
 * @property {() => void} retry
 * @property {() => { from?: number, to?: number }} chosen The lines that the address points to: they are copied.
 *
 * @typedef {object} Shown
 * @property {boolean} following
 * @property {boolean} wrapped
 * @property {number} news Lines that came since the person looked elsewhere.
 * @property {Error | null} error Why lines are missing.
 */

/** The bar above the output, and what lies over its end. */
export class OutputBar {
  /** @param {Actions} actions */
  constructor(actions) {
    this.actions = actions;
    this.follow = toggle("follow", "follow", "Follow", (on) => actions.follow(on));
    this.wrap = toggle("wrap", "wrap", "Wrap", (on) => actions.wrap(on));
    this.note = h("span", { class: "muted output-note", role: "status", "data-testid": "output-note" });
    const tools = h(
      "div",
      { class: "output-tools", role: "toolbar", "aria-label": "Output" },
      this.follow,
      this.wrap,
      tool("copy", "copy", "Copy", () => this.say(copy(actions.id, actions.chosen()))),
      tool("download", "download", "Download", () => this.say(this.save())),
    );
    byId("output-bar").append(actions.search, this.note, tools);
    this.newsWords = h("span");
    this.news = button(
      "new-lines",
      "button primary new-lines",
      () => actions.follow(true),
      icon("follow"),
      this.newsWords,
    );
    this.errorWords = h("span");
    const retry = button("output-retry", "button", actions.retry, icon("retry"), "Try again");
    this.problem = h("div", { class: "output-problem", role: "status" }, this.errorWords, retry);
    byId("output-frame").append(this.news, this.problem);
    this.show({ following: false, wrapped: false, news: 0, error: null });
  }

  /** @param {Shown} shown */
  show({ following, wrapped, news, error }) {
    this.follow.setAttribute("aria-checked", `${following}`);
    this.wrap.setAttribute("aria-checked", `${wrapped}`);
    this.news.hidden = news <= 0;
    write(this.newsWords, `${news.toLocaleString()} new ${news === 1 ? "line" : "lines"}`);
    this.problem.hidden = error === null;
    write(this.errorWords, error?.message ?? "");
  }

  /** @param {Promise<string>} work Returns what there is to say. */
  async say(work) {
    this.note.textContent = await work.catch((/** @type {Error} */ error) => error.message);
  }

  async save() {
    await download(this.actions.id, (part) => {
      this.note.textContent = `Downloading ${Math.floor(part * 100)} %`;
    });
    return "Downloaded.";
  }
}

/** Make a button that is on or off, and says so. @param {string} testid @param {string} name @param {string} label
 * @param {(on: boolean) => void} changed */
function toggle(testid, name, label, changed) {
  const element = tool(testid, name, label, () => changed(element.getAttribute("aria-checked") !== "true"));
  element.classList.add("toggle");
  element.setAttribute("role", "switch");
  return element;
}

/** Make a button that says what it does where there is room. @param {string} testid @param {string} name
 * @param {string} label @param {() => void} click */
function tool(testid, name, label, click) {
  const element = button(testid, "button", click, icon(name), h("span", { class: "tool-words" }, label));
  element.setAttribute("aria-label", label);
  return element;
}

/** @param {HTMLElement} element @param {string} text */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
