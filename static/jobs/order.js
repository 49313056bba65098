import { matcher } from "../dashboard/search-box.js";

/** @import { Data } from "../dashboard/live-collection.js" */

/**
 * @typedef {object} Row
 * @property {Data} job
 * @property {number} level From 1; children are one deeper than their parent.
 * @property {number} children How many it has, here or not.
 * @property {boolean} open Whether they are shown.
 * @property {number} place Among its siblings, from 1.
 * @property {number} siblings
 *
 * @typedef {{ status: string[], q: string }} Filter No status is all of them.
 */

/** What the order and the filters look at. */
const PLACING = [
  "status",
  "parent",
  "created_at",
  "started_at",
  "completed_at",
  "name",
  "job_type",
  "target_host",
  "created_by",
  "error",
];
/** Running first, then what waits, then what is over. @type {Record<string, number>} */
const RANKS = { running: 0, pending: 1 };
const OVER = 2;

/** @param {Data} job */
export const isOver = (job) => rankOf(job) === OVER;

/**
 * Return the rows of jobs in their order: running first, then pending, then what ended last. Children are under their
 * parents, which are as active as the most active of these; where anything is filtered, each stands for itself.
 *
 * @param {readonly Data[]} jobs
 * @param {Filter} filter
 * @param {ReadonlySet<string>} opened The parents whose children are shown.
 * @returns {Row[]}
 */
export function rowsOf(jobs, filter, opened) {
  if (isFiltered(filter)) {
    const found = jobs.filter(accepts(filter)).sort(byRank(rankOf));
    return found.map((job, index) => row(job, { level: 1, open: false, place: index + 1, siblings: found.length }));
  }
  const tree = new Tree(jobs);
  /** @type {Row[]} */
  const rows = [];
  const add = (/** @type {Data[]} */ siblings, /** @type {number} */ level) => {
    siblings.sort(level === 1 ? byRank((job) => tree.rank(job)) : byAge);
    siblings.forEach((job, index) => {
      const open = opened.has(job.job_id);
      rows.push(row(job, { level, open, place: index + 1, siblings: siblings.length }));
      if (open) add([...tree.childrenOf(job)], level + 1);
    });
  };
  add(tree.roots, 1);
  return rows;
}

/** Whether a change leaves a job's row where it is. @param {Data | undefined} before @param {Data | undefined} after */
export function hasSamePlace(before, after) {
  if (!before || !after) return false;
  return (
    PLACING.every((name) => before[name] === after[name]) && before.child_jobs?.length === after.child_jobs?.length
  );
}

/** @param {Filter} filter */
export function isFiltered({ status, q }) {
  return status.length > 0 || q !== "";
}

/** @param {Filter} filter @returns {(job: Data) => boolean} */
export function accepts({ status, q }) {
  const matches = matcher(q);
  return (job) =>
    (status.length === 0 || status.includes(job.status)) &&
    (q === "" || matches(job.name, job.job_type, job.target_host, job.created_by, job.job_id, job.error));
}

/** Parents and children among the jobs that are here. */
class Tree {
  /** @param {readonly Data[]} jobs */
  constructor(jobs) {
    const here = new Set(jobs.map(({ job_id }) => job_id));
    /** @type {Map<string, Data[]>} */
    this.children = new Map();
    /** @type {Data[]} Those whose parent is not here stand on top. */
    this.roots = [];
    /** @type {Map<string, number>} */
    this.ranks = new Map();
    for (const job of jobs) {
      if (!here.has(job.parent)) this.roots.push(job);
      else if (this.children.has(job.parent)) this.children.get(job.parent)?.push(job);
      else this.children.set(job.parent, [job]);
    }
  }

  /** @param {Data} job */
  childrenOf(job) {
    return this.children.get(job.job_id) ?? [];
  }

  /** @param {Data} job @returns {number} */
  rank(job) {
    let rank = this.ranks.get(job.job_id);
    if (rank === undefined) {
      rank = Math.min(rankOf(job), ...this.childrenOf(job).map((child) => this.rank(child)));
      this.ranks.set(job.job_id, rank);
    }
    return rank;
  }
}

/** @param {Data} job @param {{ level: number, open: boolean, place: number, siblings: number }} at @returns {Row} */
function row(job, at) {
  return { job, children: job.child_jobs?.length ?? 0, ...at };
}

/** @param {Data} job */
function rankOf(job) {
  return RANKS[job.status] ?? OVER;
}

/** When it came to be what it is: times that are written alike sort as texts. @param {Data} job @returns {string} */
function since(job) {
  return job.completed_at ?? job.started_at ?? job.created_at ?? "";
}

/** @param {(job: Data) => number} rank @returns {(a: Data, b: Data) => number} */
function byRank(rank) {
  return (a, b) => rank(a) - rank(b) || descending(since(a), since(b)) || descending(a.job_id, b.job_id);
}

/** Children in the order in which they were made, which is that of the work. @param {Data} a @param {Data} b */
function byAge(a, b) {
  return descending(b.created_at, a.created_at) || descending(b.job_id, a.job_id);
}

/** @param {string} a @param {string} b */
function descending(a, b) {
  if (a === b) return 0;
  return a < b ? 1 : -1;
}
