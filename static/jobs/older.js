/** @import { Data, LiveCollection } from "../dashboard/live-collection.js" */

/** @typedef {{ jobs: Data[], next: string | null }} Page `next` is the address of the page that follows. */

const PAGE = 200;

/**
 * The jobs that no snapshot has, page by page from the newest to the oldest. Each choice of states has pages of its own.
 */
export class Older {
  /**
   * @param {object} options
   * @param {LiveCollection} options.jobs
   * @param {(url: string) => Promise<Page>} options.read
   * @param {() => void} options.changed
   */
  constructor({ jobs, read, changed }) {
    this.jobs = jobs;
    this.read = read;
    this.changed = changed;
    /** @type {Map<string, string | null>} By choice: the next page's address; null at the end. */
    this.next = new Map();
    this.choice = "";
    this.loading = false;
    /** @type {Error | null} */
    this.error = null;
  }

  /** @param {readonly string[]} states None for all. */
  choose(states) {
    this.choice = states.map((state) => `&status=${encodeURIComponent(state)}`).join("");
    this.error = null;
  }

  get isAtEnd() {
    return this.next.get(this.choice) === null;
  }

  /** Load the next page, unless one is on its way or all are here. */
  async load() {
    const { choice } = this;
    const url = this.next.get(choice) ?? `/api/v1/jobs?limit=${PAGE}${choice}`;
    if (this.loading || this.isAtEnd) return;
    this.loading = true;
    this.error = null;
    this.changed();
    try {
      const page = await this.read(url);
      add(this.jobs, page.jobs);
      this.next.set(choice, page.next);
    } catch (error) {
      this.error = /** @type {Error} */ (error);
    }
    this.loading = false;
    this.changed();
  }
}

/** Take jobs of a REST answer, which is no whole state. @param {LiveCollection} jobs @param {readonly Data[]} found */
export function add(jobs, found) {
  for (const data of found) jobs.receive({ action: "status", data });
}

/**
 * Take a snapshot's jobs, which are those that are not over and the newest others, beside the older ones that are here.
 *
 * @param {Data[]} snapshot
 * @param {Iterable<Data>} held
 * @param {(job: Data) => boolean} isOver
 * @returns {Data[]}
 */
export function withOlder(snapshot, held, isOver) {
  const over = snapshot.filter(isOver);
  const oldest = over.map((job) => job.created_at).sort()[0];
  return oldest === undefined
    ? snapshot
    : [...snapshot, ...[...held].filter((job) => isOver(job) && job.created_at < oldest)];
}

/** Where a list goes on, as its header says (RFC 8288). @param {string | null} link @returns {string | null} */
export function nextOf(link) {
  return /<([^>]+)>;\s*rel="?next"?/u.exec(link ?? "")?.[1] ?? null;
}

/**
 * What is said below the list: of no jobs nothing, since the list's place says why there are none.
 *
 * @param {number} count @param {boolean} all Whether there are no older ones.
 */
export function told(count, all) {
  if (count === 0) return "";
  const jobs = `${count.toLocaleString()} ${count === 1 ? "job" : "jobs"}`;
  return all ? `${jobs}, and no older ones.` : `${jobs}.`;
}
