import { button, h, icon } from "./dom.js";

/** @import { Account } from "./connection.js" */

/**
 * The line above a page that says that nobody tells of changes at the moment, as of when what it shows was right, and
 * offers to try again. The dashboard has its connection card for that. A screen reader is told by the announcer.
 */
export class StaleBar {
  /** @param {Document} page @param {() => void} retry @returns {StaleBar | null} Null where the page has none. */
  static of(page, retry) {
    const element = page.getElementById("stale");
    return element && new StaleBar(element, retry);
  }

  /** @param {HTMLElement} element @param {() => void} retry */
  constructor(element, retry) {
    this.element = element;
    this.words = h("p", { "data-testid": "stale-words" });
    this.retryWords = h("span");
    this.button = button("stale-retry", "button", retry, icon("retry"), this.retryWords);
    element.append(icon("plug"), this.words, this.button);
  }

  /** @param {Account} account @param {string} asOf In words; empty where that is not known. */
  show({ state, title, detail, retry }, asOf) {
    this.element.hidden = state === "connected" || state === "connecting";
    if (this.element.hidden) return;
    const text = `${title}. ${asOf ? `As of ${asOf}. ` : ""}${detail}`;
    if (this.words.textContent !== text) this.words.textContent = text;
    this.button.hidden = !retry;
    this.retryWords.textContent = retry;
  }
}
