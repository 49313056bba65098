import { get } from "../dashboard/api.js";
import { coalesced, h } from "../dashboard/dom.js";
import { keepLive } from "../dashboard/keep-live.js";
import { LiveCollection } from "../dashboard/live-collection.js";
import { ProgressBar } from "../dashboard/progress-bar.js";
import { inWords, showState } from "../dashboard/state-box.js";
import { StateChip } from "../dashboard/state-chip.js";
import { absolute, ago, elapsed } from "../dashboard/time.js";

/** @import { Data } from "../dashboard/live-collection.js" */
/** @import { Shell } from "../dashboard/shell.js" */

const AT_MOST = 10;
/** Jobs of a host that are looked through. */
const LOOKED_AT = 100;

/** The latest jobs on a host or about a VM, those that run first, live. */
export class RelatedJobs {
  /** @param {Shell} shell @param {HTMLElement} list @param {HTMLElement} box */
  constructor(shell, list, box) {
    this.list = list;
    this.box = box;
    this.jobs = new LiveCollection({ schedule: coalesced });
    /** @type {Map<string, Data>} Older ones, which the topic's snapshot has no more. */
    this.older = new Map();
    /** @type {Map<string, JobRow>} */
    this.rows = new Map();
    /** @type {(job: Data) => boolean} */
    this.wants = () => false;
    /** @type {string[]} Whose jobs are asked for. */
    this.hosts = [];
    this.asked = false;
    keepLive(shell, this.jobs, { topic: "jobs", type: "job", load: () => get("/api/v1/jobs") });
    this.jobs.onChange(() => this.show());
    shell.client.on("job", ({ action, job_id: id }) => action === "deleted" && this.older.delete(id));
    shell.join({ tick: () => this.show(), poll: () => this.load() });
  }

  /** @param {string[]} hosts @param {(job: Data) => boolean} wants */
  about(hosts, wants) {
    this.wants = wants;
    // The same list stays: an answer to it may be on its way.
    if (this.hosts.join("\n") === hosts.join("\n")) return this.show();
    this.hosts = hosts;
    this.load();
  }

  async load() {
    const { hosts } = this;
    const answers = await Promise.all(hosts.map((host) => jobsOf(host).catch(() => [])));
    if (hosts !== this.hosts) return;
    for (const job of answers.flat()) this.older.set(job.job_id, job);
    this.asked = true;
    this.show();
  }

  show() {
    const all = new Map(this.older);
    for (const job of this.jobs.values()) all.set(job.job_id, job);
    const shown = [...all.values()]
      .filter((job) => this.wants(job))
      .sort(runningFirst)
      .slice(0, AT_MOST);
    const wanted = new Set(shown.map(({ job_id: id }) => id));
    for (const [id, row] of this.rows) {
      if (wanted.has(id)) continue;
      row.element.remove();
      this.rows.delete(id);
    }
    let place = this.list.firstElementChild;
    for (const job of shown) {
      const row = this.rows.get(job.job_id) ?? new JobRow(job.job_id);
      this.rows.set(job.job_id, row);
      row.show(job, Date.now());
      if (row.element === place) place = place.nextElementSibling;
      else this.list.insertBefore(row.element, place);
    }
    const known = this.asked && this.jobs.phase !== "loading";
    const nothing = inWords("jobs", "No jobs", "What is done here appears here.");
    showState(this.box, shown.length > 0 ? { kind: "none" } : known ? nothing : { kind: "loading" });
  }
}

/** One job, changed in place. */
class JobRow {
  /** @param {string} id */
  constructor(id) {
    this.name = h("a", { class: "job-name", href: `/jobs/${encodeURIComponent(id)}` });
    this.chip = new StateChip("job");
    this.progress = new ProgressBar();
    this.time = h("time", {});
    this.error = h("p", { class: "job-error" });
    const head = h("div", { class: "job-head" }, this.name, this.chip.element);
    const meta = h("div", { class: "job-meta" }, this.time, this.progress.element);
    this.element = h("li", { class: "job-row", "data-testid": "job-row" }, head, this.error, meta);
  }

  /** @param {Data} job @param {number} now */
  show(job, now) {
    const { name, status, progress, created_at: created, started_at: start, completed_at: end, error } = job;
    if (this.name.textContent !== name) this.name.textContent = name;
    this.chip.show(status);
    this.progress.element.hidden = status !== "running";
    this.progress.label(`Progress of ${name}`);
    this.progress.show(progress);
    const took = elapsed(start, end, now);
    const words = end
      ? `${ago(end, now)}${took && `, took ${took}`}`
      : start
        ? `for ${took}`
        : `since ${ago(created, now)}`;
    if (this.time.textContent !== words) this.time.textContent = words;
    this.time.dateTime = end ?? start ?? created;
    this.time.title = absolute(this.time.dateTime);
    this.error.hidden = !error;
    this.error.textContent = error ?? "";
  }
}

/** Whether a job is about one of these names: it works on it, or its parameters name it. @param {Data} job @param {Set<string>} names */
export function isAbout({ target_host: host, parameters }, names) {
  return (
    names.has(host) ||
    Object.values(parameters ?? {})
      .flat()
      .some((value) => typeof value === "string" && names.has(value))
  );
}

/** @param {string} host @returns {Promise<Data[]>} */
function jobsOf(host) {
  return get(`/api/v1/jobs?${new URLSearchParams({ target_host: host, limit: `${LOOKED_AT}` })}`);
}

/** @param {Data} a @param {Data} b */
export function runningFirst(a, b) {
  const rank = (/** @type {Data} */ { status }) => (status === "running" ? 0 : status === "pending" ? 1 : 2);
  return rank(a) - rank(b) || (a.created_at < b.created_at ? 1 : -1);
}
