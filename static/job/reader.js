import { outputAddress } from "./line-loader.js";

/** @import { Page } from "./line-loader.js" */

/** Lines of one request: the most that the server gives. */
const LIMIT = 10_000;

/**
 * Read all lines of a job, page by page, without keeping them.
 *
 * @param {(url: string) => Promise<Page>} get
 * @param {string} id
 * @param {{ from?: number, to?: number, signal?: AbortSignal }} [options] `signal` ends it between two pages.
 * @returns {AsyncGenerator<Page>}
 */
export async function* pages(get, id, { from = 1, to = Number.MAX_SAFE_INTEGER, signal } = {}) {
  for (let next = from; next <= to && !signal?.aborted; ) {
    const page = await get(outputAddress(id, next, Math.min(LIMIT, to - next + 1)));
    if (signal?.aborted) return;
    yield page;
    if (page.lines.length === 0 || page.next_line > page.total) return;
    next = page.next_line;
  }
}
