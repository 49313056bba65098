import { h } from "../dashboard/dom.js";
import { absolute, ago, elapsed } from "../dashboard/time.js";
import { hostAddress } from "../jobs/links.js";

/** @import { Data } from "../dashboard/live-collection.js" */
/** @import { Ticker } from "../dashboard/ticker.js" */

/** What is known of a job beside its state: names and values, changed in place. */
export class Facts {
  /** @param {HTMLElement} element A `dl`. @param {Ticker} ticker */
  constructor(element, ticker) {
    this.element = element;
    this.ticker = ticker;
    this.took = h("dd", { "data-testid": "job-elapsed" });
    this.shown = "";
  }

  /** @param {Data} job */
  show(job) {
    const words = (/** @type {number} */ now) => elapsed(job.started_at, job.completed_at, now) || "not begun";
    if (job.status === "running") this.ticker.watch(this.took, words);
    else {
      this.ticker.leave(this.took);
      this.took.textContent = words(0);
    }
    // Texts such as "5 min ago" go on, so the minute is part of what is shown.
    const key = JSON.stringify([{ ...job, progress: 0, version: 0 }, Math.floor(Date.now() / 15_000)]);
    if (key === this.shown) return;
    this.shown = key;
    const facts = [["Took", this.took], ...values(job)];
    this.element.replaceChildren(...facts.map(([name, value]) => fact(/** @type {string} */ (name), value)));
  }
}

/** @param {Data} job @returns {[string, Node | string][]} Those that there are. */
function values(job) {
  /** @type {[string, Node | string | null][]} */
  const all = [
    ["Target host", job.target_host && h("a", { href: hostAddress(job.target_host) }, job.target_host)],
    ["Started by", job.created_by],
    ["Type", job.job_type],
    [job.started_at ? "Began" : "Created", time(job.started_at ?? job.created_at)],
    ["Ended", job.completed_at && time(job.completed_at)],
    ["Exit code", job.exit_code === null ? null : h("code", { "data-testid": "job-exit-code" }, `${job.exit_code}`)],
  ];
  return /** @type {[string, Node | string][]} */ (all.filter(([, value]) => value));
}

/** @param {string} moment */
function time(moment) {
  return h("time", { datetime: moment, title: absolute(moment) }, ago(moment, Date.now()));
}

/** @param {string} name @param {Node | string | undefined} value */
function fact(name, value) {
  const held = value instanceof HTMLElement && value.localName === "dd" ? value : h("dd", {}, value);
  return h("div", { class: name === "Target host" ? "long" : null }, h("dt", {}, name), held);
}
