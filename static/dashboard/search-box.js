import { h, icon } from "./dom.js";

/** @import { Clock } from "../realtime/types.js" */

/** Milliseconds without another letter after which what was typed is looked for. */
const PAUSE = 120;

/**
 * A field to search with. `/` leads into it from anywhere on the page; Escape empties it, and leaves it when it is empty.
 */
export class SearchBox {
  /**
   * @param {object} options
   * @param {string} options.label
   * @param {string} options.value As the address says it.
   * @param {Clock} options.clock
   * @param {(text: string) => void} options.search
   */
  constructor({ label, value, clock, search }) {
    this.clock = clock;
    this.search = search;
    /** @type {any} */
    this.timer = null;
    this.input = h("input", {
      type: "search",
      "aria-label": label,
      placeholder: label,
      "aria-keyshortcuts": "/",
      autocomplete: "off",
      spellcheck: "false",
      "data-testid": "search",
      input: () => this.typed(),
      keydown: (/** @type {KeyboardEvent} */ event) => this.key(event),
    });
    this.input.value = value;
    this.element = h("div", { class: "search", role: "search" }, icon("search"), this.input);
    document.addEventListener("keydown", (event) => this.shortcut(event));
  }

  /** Show what the address says by now, as after "Back"; what is being typed is not in it yet. @param {string} text */
  show(text) {
    if (this.timer !== null) return;
    if (this.input.value.trim() !== text) this.input.value = text;
  }

  typed() {
    this.clock.cancel(this.timer);
    this.timer = this.clock.after(() => {
      this.timer = null;
      this.search(this.input.value.trim());
    }, PAUSE);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key !== "Escape") return;
    event.preventDefault();
    if (this.input.value === "") return this.input.blur();
    this.input.value = "";
    this.clock.cancel(this.timer);
    this.timer = null;
    this.search("");
  }

  /** @param {KeyboardEvent} event */
  shortcut(event) {
    const target = /** @type {Element} */ (event.target);
    const typing = target.closest("input, textarea, select, dialog[open], [role=dialog]");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing) return;
    event.preventDefault();
    this.input.focus();
    this.input.select();
  }
}

/**
 * Return what says whether an object matches a search: each word of it is somewhere in the object's texts.
 *
 * @param {string} text
 * @returns {(...texts: (string | null | undefined)[]) => boolean}
 */
export function matcher(text) {
  const words = text.toLowerCase().split(/\s+/u).filter(Boolean);
  return (...texts) => {
    const all = texts.join("\n").toLowerCase();
    return words.every((word) => all.includes(word));
  };
}
