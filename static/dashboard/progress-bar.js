import { h } from "./dom.js";

/** How far something is, as a bar and in figures; changed in place. Null is "under way, nobody knows how far". */
export class ProgressBar {
  /** @param {string} label What it is the progress of. */
  constructor(label = "Progress") {
    this.fill = h("span", { class: "progress-fill" });
    this.bar = h(
      "span",
      { class: "progress-bar", role: "progressbar", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100 },
      this.fill,
    );
    this.figure = h("span", { class: "progress-figure", "aria-hidden": "true" });
    this.element = h("span", { class: "progress", "data-testid": "progress" }, this.bar, this.figure);
    /** @type {number | null | undefined} */
    this.shown = undefined;
  }

  /** @param {string} label */
  label(label) {
    if (this.bar.getAttribute("aria-label") !== label) this.bar.setAttribute("aria-label", label);
  }

  /** @param {number | null} percent 0 to 100. */
  show(percent) {
    const value = percent === null ? null : Math.max(0, Math.min(100, Math.round(percent)));
    if (value === this.shown) return;
    this.shown = value;
    this.bar.classList.toggle("unknown", value === null);
    if (value === null) this.bar.removeAttribute("aria-valuenow");
    else this.bar.setAttribute("aria-valuenow", `${value}`);
    this.fill.style.transform = value === null ? "" : `scaleX(${value / 100})`;
    this.figure.textContent = value === null ? "" : `${value} %`;
  }
}
