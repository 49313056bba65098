import { button, byId, h, icon } from "../dashboard/dom.js";
import { ProgressBar } from "../dashboard/progress-bar.js";
import { StateChip, stateOf } from "../dashboard/state-chip.js";
import { Ticker } from "../dashboard/ticker.js";
import { isCancellable, startCancel } from "../jobs/cancel.js";
import { browserClock } from "../realtime/clock.js";
import { Facts } from "./facts.js";

/** @import { Data } from "../dashboard/live-collection.js" */

/** The upper part of the page: what the job is, and how far it has come. */
export class Head {
  constructor() {
    /** @type {Data | null} */
    this.job = null;
    this.chip = new StateChip("job");
    this.progress = new ProgressBar();
    const ticker = new Ticker({ clock: browserClock, hidden: () => document.visibilityState === "hidden" });
    this.facts = new Facts(byId("job-facts"), ticker);
    const cancel = startCancel();
    const ask = () => this.job && cancel?.(this.job);
    this.cancel = button("job-cancel", "button danger-quiet", ask, icon("cancelled"), "Cancel");
    this.cancel.hidden = true;
    this.mayCancel = cancel !== null;
    byId("job-state").append(this.chip.element, this.progress.element, this.cancel);
  }

  /** @param {Data} job */
  show(job) {
    if (this.job && this.job.status !== job.status)
      byId("announcer").textContent = `${job.name}: ${stateOf("job", job.status).word}`;
    this.job = job;
    byId("page-title").textContent = job.name;
    this.chip.show(job.status);
    this.progress.label(`Progress of ${job.name}`);
    this.progress.show(job.progress);
    this.cancel.hidden = !this.mayCancel || !isCancellable(job);
    this.facts.show(job);
    const error = byId("job-error");
    error.hidden = !job.error;
    if (error.textContent !== (job.error ?? "")) error.textContent = job.error ?? "";
    this.parameters(job.parameters ?? {});
  }

  /** @param {Record<string, unknown>} parameters */
  parameters(parameters) {
    const box = byId("job-parameters");
    const key = JSON.stringify(parameters);
    if (box.dataset.shows === key) return;
    box.dataset.shows = key;
    const entries = Object.entries(parameters);
    box.hidden = entries.length === 0;
    byId("job-parameters-list").replaceChildren(
      ...entries.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, h("code", {}, inWords(value))))),
    );
  }

  /** It is gone: nothing of it goes on. */
  deleted() {
    this.cancel.hidden = true;
  }
}

/** @param {unknown} value */
function inWords(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}
