/**
 * What to do after a close, by its code: docs/protocol.md, "Close codes".
 *
 * - `resume`: at once and without a word; the server only wanted the connection to be a young one.
 * - `stop`: not again until somebody asks: the same credentials would be refused again, or an administrator ended it.
 * - `retry`: with growing delays, never sooner than `least` milliseconds.
 *
 * @typedef {{ action: "resume" | "stop" | "retry", least: number, code: number, reason: string }} Verdict
 */

/**
 * Decide from the close frame and, since browsers may not see that, from the `disconnect` message before it.
 *
 * @param {{ code: number, reason: string }} event
 * @param {import("./types.js").Message | null} notice
 * @returns {Verdict}
 */
export function verdict(event, notice) {
  const code = typeof notice?.code === "number" ? notice.code : event.code;
  const reason = String(notice?.reason || event.reason || "");
  const least = Math.max(0, Number(notice?.retry_after_ms) || 0);
  if (code === 1008 || code === 4101 || notice?.reconnect === false) return { action: "stop", least, code, reason };
  const silent = code === 1000 || code === 4100;
  return { action: silent && least === 0 ? "resume" : "retry", least, code, reason };
}
