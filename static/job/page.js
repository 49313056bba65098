import { get, RequestFailed } from "../dashboard/api.js";
import { byId, coalesced, h } from "../dashboard/dom.js";
import { keepLive } from "../dashboard/keep-live.js";
import { listState } from "../dashboard/list-state.js";
import { LiveCollection } from "../dashboard/live-collection.js";
import { inWords, showState } from "../dashboard/state-box.js";
import { isCancellable } from "../jobs/cancel.js";
import { Family } from "./family.js";
import { Head } from "./head.js";
import { Terminal } from "./terminal.js";

/** @import { Shell } from "../dashboard/shell.js" */

const UNKNOWN = inWords(
  "question",
  "There is no such job",
  "Its address may be wrong, or it was deleted. One that is about to begin appears here by itself.",
  { words: "All jobs", run: () => location.assign("/jobs") },
);

/** The page of one job and its output. */
export class JobPage {
  /** @param {Shell} shell @param {string} id The job's. */
  constructor(shell, id) {
    this.shell = shell;
    this.id = id;
    this.appName = document.title.split(" · ").at(-1);
    /** @type {LiveCollection} */
    this.jobs = new LiveCollection({
      schedule: coalesced,
      id: (data) => (data?.job_id === id ? id : undefined),
      objects: (state) => (state.job ? [state.job] : []),
    });
    this.known = false;
    this.head = new Head();
    this.terminal = new Terminal(id);
    this.family = new Family(shell, id);
    this.listen();
    this.live = keepLive(shell, this.jobs, { topic: `jobs:${id}`, type: "job", load: () => this.load() });
    this.jobs.onChange(() => this.show());
    shell.join({ tick: () => this.show() });
    this.show();
  }

  /** The output comes beside the job: in its state, and in messages of its own. */
  listen() {
    const { client } = this.shell;
    client.on("snapshot", ({ topic, data }) => {
      if (topic === `jobs:${this.id}` && data.job) this.terminal.begin(data.first_line, data.lines);
    });
    client.on("job", ({ action, job_id, data, first_line }) => {
      if (action === "output" && job_id === this.id) this.terminal.came(first_line, data.lines);
    });
  }

  /** Ask the REST API for the state: there is no connection. */
  async load() {
    try {
      const { output, output_first_line, output_lines, output_url, ...job } = await get(
        `/api/v1/jobs/${encodeURIComponent(this.id)}`,
      );
      this.terminal.begin(output_first_line, output);
      return { job };
    } catch (error) {
      if (error instanceof RequestFailed && error.status === 404) return { job: null };
      throw error;
    }
  }

  show() {
    const job = this.jobs.get(this.id);
    const { reload } = this.live;
    if (job) {
      this.known = true;
      this.head.show(job);
      this.family.of(job);
      this.name(job.name);
    }
    byId("job").hidden = !this.known;
    byId("job-deleted").hidden = !this.known || job !== undefined;
    if (this.known && !job) this.head.deleted();
    showState(byId("page-state"), listState(this.jobs, { shown: this.known ? 1 : 0, empty: UNKNOWN, reload }));
    byId("state-card").hidden = this.known;
    this.showOutput(job !== undefined && isCancellable(job));
  }

  /** @param {boolean} goesOn */
  showOutput(goesOn) {
    const { store } = this.terminal;
    const empty = byId("output-empty");
    empty.hidden = store.count > 0;
    const gone = `Its ${store.total.toLocaleString()} lines are not kept any more.`;
    const text = store.total > 0 ? gone : goesOn ? "Nothing has been printed yet." : "Nothing was printed.";
    if (empty.textContent !== text) empty.replaceChildren(h("span", {}, text));
    this.terminal.scroller.hidden = store.count === 0;
  }

  /** @param {string} name */
  name(name) {
    const title = `${name} · Jobs · ${this.appName}`;
    if (this.shell.title === title) return;
    this.shell.title = title;
    this.shell.show();
  }
}
