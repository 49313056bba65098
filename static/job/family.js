import { getList } from "../dashboard/api.js";
import { byId, coalesced, h, icon } from "../dashboard/dom.js";
import { LiveCollection } from "../dashboard/live-collection.js";
import { ProgressBar } from "../dashboard/progress-bar.js";
import { StateChip } from "../dashboard/state-chip.js";
import { jobAddress } from "../jobs/links.js";
import { add } from "../jobs/older.js";

/** @import { Data } from "../dashboard/live-collection.js" */
/** @import { Shell } from "../dashboard/shell.js" */

/** Parts that are listed; the others are on the jobs page. */
const MOST = 200;

/** The job that this one is a part of, and its own parts with their progress. Followed once there are any. */
export class Family {
  /** @param {Shell} shell @param {string} id The job's. */
  constructor(shell, id) {
    this.shell = shell;
    this.id = id;
    /** @type {string | null} */
    this.parent = null;
    /** @type {readonly string[]} */
    this.parts = [];
    this.following = false;
    this.jobs = new LiveCollection({ schedule: coalesced, id: (data) => this.relative(data) });
    this.jobs.onChange(() => this.show());
    /** @type {Map<string, Part>} */
    this.shown = new Map();
  }

  /** @param {Data} job */
  of(job) {
    this.parent = job.parent;
    this.parts = job.child_jobs;
    if (this.parent) this.showParent();
    const isKnown = (/** @type {string} */ id) => this.jobs.get(id) !== undefined;
    if (this.parts.every(isKnown) && (!this.parent || isKnown(this.parent))) return;
    this.follow();
    this.load();
  }

  follow() {
    if (this.following) return;
    this.following = true;
    const { client } = this.shell;
    client.on("job", (message) => message.action !== "output" && this.jobs.receive(message));
    client.on("snapshot", ({ topic, data }) => topic === "jobs" && add(this.jobs, data.jobs));
    client.subscribe(["jobs"]);
    this.shell.join({ poll: () => this.load() });
  }

  /** Ask for what is not known; what cannot be had is shown by its id, or not at all. */
  async load() {
    const parts = getList(`/api/v1/jobs?limit=500&parent=${encodeURIComponent(this.id)}`);
    const found = await parts.catch(() => ({ items: [] }));
    add(this.jobs, found.items);
    if (!this.parent || this.jobs.get(this.parent)) return;
    const parent = await getList(`/api/v1/jobs/${encodeURIComponent(this.parent)}`).catch(() => null);
    if (parent) add(this.jobs, [parent.items]);
  }

  /** @param {Data} data */
  relative({ job_id, parent }) {
    return parent === this.id || job_id === this.parent || this.parts.includes(job_id) ? job_id : undefined;
  }

  show() {
    if (this.parent) this.showParent();
    const jobs = this.parts.flatMap((id) => this.jobs.get(id) ?? []);
    const box = byId("job-parts");
    box.hidden = jobs.length === 0;
    const done = jobs.filter(({ status }) => status === "completed").length;
    byId("job-parts-count").textContent = `${done} of ${this.parts.length} completed`;
    const rows = jobs.slice(0, MOST).map((job) => this.part(job));
    byId("job-parts-list").replaceChildren(...rows);
  }

  /** @param {Data} job */
  part(job) {
    let part = this.shown.get(job.job_id);
    if (!part) {
      part = new Part();
      this.shown.set(job.job_id, part);
    }
    return part.show(job);
  }

  showParent() {
    const link = byId("job-parent");
    const name = this.jobs.get(/** @type {string} */ (this.parent))?.name ?? "the whole job";
    link.hidden = false;
    const words = link.querySelector("a");
    if (words?.textContent === name) return;
    link.replaceChildren(
      icon("chevron-right"),
      h("a", { href: jobAddress(`${this.parent}`), "data-testid": "job-parent" }, name),
    );
  }
}

/** One part, in a line. */
class Part {
  constructor() {
    this.name = h("a", { class: "job-name", "data-testid": "job-part" });
    this.chip = new StateChip("job");
    this.progress = new ProgressBar();
    this.element = h("li", { class: "job-part" }, this.name, this.progress.element, this.chip.element);
  }

  /** @param {Data} job */
  show(job) {
    this.name.textContent = job.name;
    this.name.href = jobAddress(job.job_id);
    this.chip.show(job.status);
    this.progress.label(`Progress of ${job.name}`);
    this.progress.show(job.progress);
    return this.element;
  }
}
