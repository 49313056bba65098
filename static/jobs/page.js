import { get, getList } from "../dashboard/api.js";
import { button, byId, coalesced, h } from "../dashboard/dom.js";
import { keepLive } from "../dashboard/keep-live.js";
import { listState } from "../dashboard/list-state.js";
import { LiveCollection, objectsOf } from "../dashboard/live-collection.js";
import { Query } from "../dashboard/query.js";
import { pageStorage, Seen } from "../dashboard/seen.js";
import { inWords, showState } from "../dashboard/state-box.js";
import { Ticker } from "../dashboard/ticker.js";
import { VirtualList } from "../dashboard/virtual-list.js";
import { browserClock } from "../realtime/clock.js";
import { startCancel } from "./cancel.js";
import { Filters } from "./filters.js";
import { jobAddress } from "./links.js";
import { Marks } from "./marks.js";
import { add, nextOf, Older, told, withOlder } from "./older.js";
import { hasSamePlace, isFiltered, isOver, rowsOf } from "./order.js";
import { JobRow } from "./row.js";
import { Steady } from "./steady.js";

/** @import { Shell } from "../dashboard/shell.js" */
/** @import { Change, Data } from "../dashboard/live-collection.js" */
/** @import { Filter, Row } from "./order.js" */

/** @type {Filter} */
const EVERYTHING = { status: [], q: "" };
const UNFINISHED = "/api/v1/jobs?status=running&status=pending&limit=500";
const NEWEST = "/api/v1/jobs?limit=100";
const NOTHING = inWords("jobs", "Nothing has run yet", "The next job appears here by itself.");
/** Finished jobs in a snapshot, where there are so many. */
const IN_SNAPSHOT = 50;
/** Rows before the end at which the next page is asked for. */
const AHEAD = 20;

/** The page of all jobs. */
export class JobsPage {
  /** @param {Shell} shell */
  constructor(shell) {
    this.render = coalesced(() => this.show());
    /** @type {LiveCollection} */
    this.jobs = new LiveCollection({
      schedule: coalesced,
      objects: (state) => withOlder(objectsOf(state), this.jobs.values(), isOver),
    });
    this.jobs.index("status");
    this.query = new Query(EVERYTHING, () => this.filtered());
    this.filters = new Filters(byId("jobs-filters"), this.query);
    this.steady = new Steady();
    /** @type {Set<string>} The parents whose children are shown. */
    this.opened = new Set();
    /** @type {Map<string, Data>} The jobs as they were when the rows were put in order. */
    this.ordered = new Map();
    this.older = new Older({ jobs: this.jobs, read: readPage, changed: this.render });
    this.more = button("jobs-older", "button", () => this.older.load(), "Load older");
    this.status = h("p", { class: "muted", "data-testid": "jobs-status" });
    byId("jobs-foot").append(this.status, this.more);
    const { name } = shell.config.user ?? {};
    const seen = new Seen({ storage: pageStorage(), user: name ?? "", page: "jobs" });
    this.marks = new Marks({ seen, collection: this.jobs, page: document, changed: this.render });
    this.ticker = new Ticker({ clock: browserClock, hidden: () => document.visibilityState === "hidden" });
    this.list = this.makeList();
    this.live = keepLive(shell, this.jobs, { topic: "jobs", type: "job", load: loadAll });
    shell.join({ tick: () => this.list.refresh() });
    this.jobs.onChange((change) => (this.stays(change) ? this.list.refresh() : this.render()));
    this.filtered();
  }

  makeList() {
    const scroller = byId("jobs-list");
    const cancel = startCancel();
    const context = {
      ticker: this.ticker,
      latest: (/** @type {Data} */ job) => this.jobs.get(job.job_id) ?? job,
      mark: (/** @type {string} */ id) => this.marks.of(id),
      toggle: (/** @type {Row} */ row) => this.toggle(row),
      cancel,
      flat: () => isFiltered(this.query.values),
    };
    scroller.addEventListener("pointerenter", ({ pointerType }) => this.hold(pointerType === "mouse"));
    scroller.addEventListener("pointerleave", () => this.hold(false));
    scroller.addEventListener("scroll", () => this.scrolled(), { passive: true });
    scroller.addEventListener("keydown", (event) => this.key(event));
    return new VirtualList(scroller, {
      make: () => new JobRow(context),
      keyOf: (/** @type {Row} */ { job }) => job.job_id,
      role: "treegrid",
      headerRows: 1,
      open: ({ job }) => location.assign(jobAddress(job.job_id)),
    });
  }

  filtered() {
    this.older.choose(this.query.values.status);
    this.steady.shown = [];
    // A choice of states is asked for: the snapshot has only the newest of what is over.
    if (this.query.values.status.some((state) => state !== "running" && state !== "pending")) this.older.load();
    this.render();
  }

  /** @param {boolean} holding */
  hold(holding) {
    if (this.steady.holding === holding) return;
    this.steady.holding = holding;
    this.render();
  }

  /** @param {Row} row */
  async toggle({ job, open }) {
    const id = job.job_id;
    this.steady.shown = [];
    if (open) this.opened.delete(id);
    else this.opened.add(id);
    this.render();
    if (open || job.child_jobs.every((/** @type {string} */ child) => this.jobs.get(child))) return;
    const { items } = await getList(`/api/v1/jobs?limit=500&parent=${encodeURIComponent(id)}`).catch(() => ({
      items: [],
    }));
    this.steady.shown = [];
    add(this.jobs, items);
  }

  /** Right opens what a row has under it, Left closes it. @param {KeyboardEvent} event */
  key(event) {
    const row = this.list.items.find(({ job }) => job.job_id === this.list.active);
    const wanted = { ArrowRight: false, ArrowLeft: true }[event.key];
    if (!row || wanted === undefined || row.open !== wanted || row.children === 0 || isFiltered(this.query.values))
      return;
    event.preventDefault();
    this.toggle(row);
  }

  scrolled() {
    const { top, height, rowHeight } = this.list.viewport;
    const near = top + height > (this.list.items.length - AHEAD) * rowHeight;
    if (near && top > 0 && !this.hasAll && !this.query.values.q && !this.older.error) this.older.load();
  }

  /** Whether all rows stay where they are: putting thousands in order for each step of a progress would be felt.
   * @param {Change} change */
  stays({ ids, all }) {
    return !all && ids.size > 0 && [...ids].every((id) => hasSamePlace(this.ordered.get(id), this.jobs.get(id)));
  }

  show() {
    const filter = this.query.values;
    const jobs = this.jobs.values();
    this.ordered = new Map(jobs.map((job) => [job.job_id, job]));
    const wanted = rowsOf(jobs, filter, this.opened);
    const rows = this.jobs.phase === "error" ? [] : this.steady.rows(wanted);
    this.filters.show(filter, (state) => this.jobs.count("status", state));
    byId("jobs-table").hidden = rows.length === 0;
    this.list.show(rows);
    const showAll = isFiltered(filter) ? () => this.query.clear() : undefined;
    const { reload } = this.live;
    showState(byId("page-state"), this.state(rows, { empty: NOTHING, reload, showAll }));
    this.foot(rows);
  }

  /** Whether there are no older jobs: all were read, or a snapshot had room for more. */
  get hasAll() {
    const over = ["completed", "failed", "cancelled"].map((state) => this.jobs.count("status", state));
    return this.older.isAtEnd || over.reduce((sum, count) => sum + count, 0) < IN_SNAPSHOT;
  }

  /** @param {readonly Row[]} rows @param {any} circumstances */
  state(rows, circumstances) {
    if (rows.length === 0 && this.older.loading) return /** @type {const} */ ({ kind: "loading" });
    return listState(this.jobs, { shown: rows.length, ...circumstances });
  }

  /** @param {readonly Row[]} rows */
  foot(rows) {
    const { older, steady } = this;
    const known = this.jobs.phase === "ready" || this.jobs.phase === "stale";
    byId("jobs-foot").hidden = !known || this.jobs.size === 0;
    this.more.hidden = this.hasAll;
    this.more.disabled = older.loading;
    const said = older.loading ? "Loading older jobs …" : told(rows.length, this.hasAll);
    const waiting = steady.waiting === 1 ? "1 change waits" : `${steady.waiting} changes wait`;
    const text = older.error?.message ?? (steady.waiting ? `${waiting} until the pointer leaves the list.` : said);
    if (this.status.textContent !== text) this.status.textContent = text;
  }
}

/** What a snapshot has: those that are not over, and the newest others. */
async function loadAll() {
  const [newest, unfinished] = await Promise.all([get(NEWEST), get(UNFINISHED)]);
  const listed = new Set(newest.map((/** @type {any} */ { job_id }) => job_id));
  return [...newest, ...unfinished.filter((/** @type {any} */ { job_id }) => !listed.has(job_id))];
}

/** @param {string} url */
async function readPage(url) {
  const { items, link } = await getList(url);
  return { jobs: items, next: nextOf(link) };
}
