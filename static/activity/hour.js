import { get } from "../dashboard/api.js";
import { byId, h } from "../dashboard/dom.js";
import { inWords, showState } from "../dashboard/state-box.js";
import { sum } from "./buckets.js";
import { chart, table } from "./chart.js";

/** @import { Shell } from "../dashboard/shell.js" */
/** @import { Clock } from "../realtime/types.js" */
/** @import { Bucket } from "./buckets.js" */

const ADDRESS = "/api/v1/activity?minutes=60&bucket=5";
/** Milliseconds in which everything that happens is counted once. */
const PAUSE = 2_000;
/** What changes nothing for itself still moves the hour on. */
const MINUTE = 60_000;
const QUIET = inWords("clock", "A quiet hour", "What happens from now on shows here.");

/**
 * The chart of the last hour. The server counts, since this page has neither all jobs nor all notifications; it is asked
 * anew soon after anything happened, and each minute.
 */
export class LastHour {
  /** @param {Shell} shell @param {Clock} clock */
  constructor(shell, clock) {
    this.clock = clock;
    this.client = shell.client;
    /** @type {Bucket[] | null} */
    this.buckets = null;
    this.drawn = "";
    this.asked = 0;
    /** @type {any} */
    this.timer = null;
    const { client } = shell;
    client.subscribe(["jobs"]);
    client.on("notification", ({ action }) => action !== "read_through" && this.soon());
    client.on("job", ({ action }) => action !== "output" && this.soon());
    for (const type of ["initial_state", "snapshot", "subscription"]) client.on(type, () => this.soon());
    shell.join({ tick: (now) => now - this.asked >= MINUTE && this.soon(), poll: () => this.load() });
    showState(byId("hour-state"), { kind: "loading" });
    this.load();
  }

  /** Ask soon, once for all that happens until then. */
  soon() {
    this.timer ??= this.clock.after(() => {
      this.timer = null;
      if (document.visibilityState === "visible") this.load();
    }, PAUSE);
  }

  async load() {
    this.asked = this.clock.now();
    try {
      this.buckets = (await get(ADDRESS)).buckets;
      this.show();
    } catch (error) {
      if (!this.buckets) this.fail(/** @type {Error} */ (error));
    }
  }

  /** @param {Error} error */
  fail(error) {
    const again = { words: "Try again", run: () => this.load() };
    showState(byId("hour-state"), inWords("plug", "Nothing could be loaded", error.message, again));
  }

  show() {
    const buckets = this.buckets ?? [];
    const key = JSON.stringify(buckets);
    if (key === this.drawn) return;
    this.drawn = key;
    const count = buckets.reduce((total, { notifications, jobs }) => total + sum(notifications) + sum(jobs), 0);
    showState(byId("hour-state"), count === 0 ? QUIET : { kind: "none" });
    byId("hour-figures").hidden = count === 0;
    byId("hour").replaceChildren(chart(buckets, "notifications"), chart(buckets, "jobs"), axis());
    byId("hour-table").replaceChildren(table(buckets));
  }
}

function axis() {
  const marks = ["1 h ago", "30 min", "now"].map((text) => h("span", {}, text));
  return h("p", { class: "axis muted", "aria-hidden": "true" }, ...marks);
}
