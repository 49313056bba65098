import { changedMark } from "../dashboard/changed-mark.js";
import { button, h, icon } from "../dashboard/dom.js";
import { ProgressBar } from "../dashboard/progress-bar.js";
import { rove } from "../dashboard/roving.js";
import { StateChip } from "../dashboard/state-chip.js";
import { absolute, ago, elapsed } from "../dashboard/time.js";
import { isCancellable } from "./cancel.js";
import { hostAddress, jobAddress } from "./links.js";

/** @import { Data } from "../dashboard/live-collection.js" */
/** @import { Ticker } from "../dashboard/ticker.js" */
/** @import { Row } from "./order.js" */

/**
 * @typedef {object} Context
 * @property {Ticker} ticker
 * @property {(job: Data) => Data} latest The job as it is by now.
 * @property {(id: string) => "new" | "changed" | null} mark
 * @property {(row: Row) => void} toggle
 * @property {((job: Data) => void) | null} cancel Null for who may not.
 * @property {() => boolean} flat Whether parents and children stand apart.
 */

/** One job in the list; it can show one after another. */
export class JobRow {
  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    /** @type {Row | null} */
    this.row = null;
    this.expander = button("job-expand", "icon-button small expander", () => this.row && context.toggle(this.row));
    this.name = h("a", { class: "job-name", "data-testid": "job-name" });
    this.type = h("span", { class: "muted job-type" });
    this.mark = h("span", { class: "job-mark" });
    this.chip = new StateChip("job");
    this.progress = new ProgressBar();
    this.elapsed = h("span", { class: "job-elapsed", "data-testid": "job-elapsed" });
    this.host = h("a", { class: "job-host", "data-testid": "job-host" });
    this.by = h("span", { class: "job-by" });
    this.when = h("time", { class: "muted job-when" });
    const cancel = () => this.row && context.cancel?.(this.row.job);
    this.cancel = button("job-cancel", "icon-button small", cancel, icon("cancelled"));
    this.element = h(
      "div",
      { class: "job-row", "data-testid": "job" },
      cell("job-title", this.expander, h("span", { class: "job-words" }, this.name, this.type), this.mark),
      cell("job-state", this.chip.element),
      cell("job-progress", this.progress.element),
      cell("job-time", this.elapsed),
      cell("job-target", this.host),
      cell("job-person", this.by),
      cell("job-date", this.when),
      cell("job-actions", this.cancel),
    );
    rove(this.element, [this.expander, this.name, this.host, this.cancel]);
  }

  /** @param {Row} put In its place, but perhaps of some time ago. */
  fill(put) {
    const job = this.context.latest(put.job);
    const row = { ...put, job };
    this.row = row;
    this.element.dataset.id = job.job_id;
    this.title(row);
    this.chip.show(job.status);
    this.progress.label(`Progress of ${job.name}`);
    this.progress.show(job.progress);
    this.progress.element.hidden = job.status === "pending";
    this.times(job);
    write(this.host, job.target_host ?? "");
    this.host.hidden = !job.target_host;
    if (job.target_host) attribute(this.host, "href", hostAddress(job.target_host));
    write(this.by, job.created_by);
    this.cancel.hidden = !this.context.cancel || !isCancellable(job);
    attribute(this.cancel, "aria-label", `Cancel ${job.name}`);
  }

  /** @param {Row} row */
  title({ job, level, children, open, place, siblings }) {
    const expandable = children > 0 && !this.context.flat();
    attribute(this.element, "aria-level", level);
    attribute(this.element, "aria-posinset", place);
    attribute(this.element, "aria-setsize", siblings);
    if (expandable) attribute(this.element, "aria-expanded", `${open}`);
    else this.element.removeAttribute("aria-expanded");
    this.element.style.setProperty("--level", `${Math.min(level, 6) - 1}`);
    this.expander.style.visibility = expandable ? "" : "hidden";
    attribute(this.expander, "aria-label", `${open ? "Hide" : "Show"} the parts of ${job.name}`);
    if (this.expander.dataset.open !== `${open}`)
      this.expander.replaceChildren(icon(open ? "chevron-down" : "chevron-right"));
    this.expander.dataset.open = `${open}`;
    write(this.name, job.name);
    attribute(this.name, "href", jobAddress(job.job_id));
    attribute(this.name, "title", job.name);
    const parts = children > 0 ? ` · ${children} ${children === 1 ? "part" : "parts"}` : "";
    write(this.type, `${job.job_type}${parts}`);
    const since = this.context.mark(job.job_id);
    if (this.mark.dataset.since === (since ?? "")) return;
    this.mark.dataset.since = since ?? "";
    this.mark.replaceChildren(...[changedMark(since)].filter((mark) => mark !== null));
  }

  /** @param {Data} job */
  times(job) {
    const { ticker } = this.context;
    const words = (/** @type {number} */ now) => elapsed(job.started_at, job.completed_at, now);
    if (job.status === "running") ticker.watch(this.elapsed, words);
    else {
      ticker.leave(this.elapsed);
      write(this.elapsed, words(0));
    }
    const time = job.completed_at ?? job.started_at ?? job.created_at;
    attribute(this.when, "datetime", time);
    attribute(this.when, "title", absolute(time));
    write(this.when, ago(time, Date.now()));
  }
}

/** @param {string} name @param {...Node} children */
function cell(name, ...children) {
  return h("div", { class: name, role: "gridcell" }, ...children);
}

/** @param {Element} element @param {string} text */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {Element} element @param {string} name @param {string | number} value */
function attribute(element, name, value) {
  if (element.getAttribute(name) !== `${value}`) element.setAttribute(name, `${value}`);
}
