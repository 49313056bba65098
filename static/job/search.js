import { get } from "../dashboard/api.js";
import { button, h, icon } from "../dashboard/dom.js";
import { SearchBox } from "../dashboard/search-box.js";
import { browserClock } from "../realtime/clock.js";
import { Found } from "./found.js";
import { pages } from "./reader.js";

/**
 * Looks for a text in all lines, in those that are not here too: they are read once, looked through, and let go.
 */
export class Search {
  /**
   * @param {object} options
   * @param {string} options.id
   * @param {() => void} options.changed
   * @param {(line: number) => void} options.go Show this line.
   * @param {() => number} options.from The first line that is looked at now.
   */
  constructor({ id, changed, go, from }) {
    this.options = { id, changed, go, from };
    this.found = new Found("");
    /** @type {AbortController | null} */
    this.reading = null;
    this.part = 1;
    this.error = "";
    this.box = new SearchBox({
      label: "Search the output",
      value: "",
      clock: browserClock,
      search: (text) => this.look(text),
    });
    this.box.input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      const typed = this.box.input.value.trim();
      if (typed !== this.found.text) this.look(typed);
      else this.step(event.shiftKey ? -1 : 1);
    });
    this.count = h("span", { class: "search-count muted", role: "status", "data-testid": "search-count" });
    this.previous = this.arrow("search-previous", "Previous match", "chevron-down", -1);
    this.next = this.arrow("search-next", "Next match", "chevron-down", 1);
    this.previous.classList.add("up");
    this.element = h("div", { class: "output-search" }, this.box.element, this.count, this.previous, this.next);
    this.show();
  }

  /** @param {string} testid @param {string} label @param {string} name @param {1 | -1} step */
  arrow(testid, label, name, step) {
    const element = button(testid, "icon-button small", () => this.step(step), icon(name));
    element.setAttribute("aria-label", label);
    return element;
  }

  /** @param {string} text */
  async look(text) {
    if (text === this.found.text) return;
    this.reading?.abort();
    const reading = new AbortController();
    this.reading = reading;
    const found = new Found(text);
    this.found = found;
    this.part = text ? 0 : 1;
    this.error = "";
    this.show();
    if (text) await this.read(found, reading.signal);
  }

  /** @param {Found} found @param {AbortSignal} signal */
  async read(found, signal) {
    try {
      for await (const page of pages(get, this.options.id, { signal })) {
        found.look(page.first_line, page.lines);
        this.part = Math.min(1, page.next_line / Math.max(1, page.total));
        if (!found.at && found.lines.length > 0) this.step(1);
        this.show();
      }
    } catch (error) {
      if (!signal.aborted) this.error = /** @type {Error} */ (error).message;
    }
    if (signal.aborted) return;
    this.part = 1;
    this.show();
  }

  /** Lines have come. @param {number} first @param {readonly string[]} lines */
  came(first, lines) {
    if (!this.found.text) return;
    this.found.look(first, lines);
    this.show();
  }

  /** @param {1 | -1} step */
  step(step) {
    const line = this.found.go(step, this.options.from());
    if (line !== null) this.options.go(line);
    this.show();
  }

  show() {
    const { found } = this;
    const none = found.lines.length === 0;
    for (const arrow of [this.previous, this.next]) arrow.disabled = none;
    const text = this.error || (found.text ? this.words() : "");
    if (this.count.textContent !== text) this.count.textContent = text;
    this.options.changed();
  }

  words() {
    const { lines, place } = this.found;
    const searching = this.part < 1 ? ` · ${Math.floor(this.part * 100)} %` : "";
    if (lines.length === 0) return searching ? `Searching${searching}` : "No matches";
    const all = lines.length.toLocaleString();
    return place ? `${place.toLocaleString()} of ${all}${searching}` : `${all} found${searching}`;
  }
}
