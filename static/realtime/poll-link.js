import { HttpLink, PATIENCE, retry } from "./http-link.js";

/** @import { Options, Ends } from "./types.js" */
/** @import { Following } from "./following.js" */

/** Seconds that the server holds a request back while there is no news. */
const WAIT = 25;
/** Milliseconds between two requests at least, so that a topic where much happens is not asked in a circle. */
const PACE = 1_000;

/** One long poll after the other, each from the cursor of the one before. */
export class PollLink extends HttpLink {
  /** @param {Options} options @param {Ends} ends @param {Following} following */
  constructor(options, ends, following) {
    super("poll", options, ends, following);
    /** Whether the next answer should come at once: it shows that the server is there. */
    this.hurry = false;
  }

  follow() {
    this.hurry = true;
    super.follow();
  }

  probe() {
    this.hurry = true;
    super.probe();
  }

  /** @param {AbortSignal} signal */
  async run(signal) {
    const startedAt = this.options.clock.now();
    const wait = this.ready && !this.hurry ? WAIT : 0;
    this.hurry = false;
    this.expect(wait * 1000 + PATIENCE);
    const { cursor } = this.following;
    const query = { wait: `${wait}`, ...(cursor ? { since: cursor } : {}) };
    const response = await this.request(this.http.changes, query, { signal });
    if (!response) return;
    const answer = await response.json();
    if (signal.aborted) return;
    if (!Array.isArray(answer?.messages) || typeof answer.cursor !== "string")
      return this.lose(retry("This is no answer to a poll."));
    this.welcome();
    for (const message of answer.messages) if (typeof message?.type === "string") this.take(message);
    if (this.ended) return;
    this.following.cursor = answer.cursor;
    // A listener may have asked for another request already.
    if (!signal.aborted) this.startIn(Math.max(0, startedAt + PACE - this.options.clock.now()));
  }
}
