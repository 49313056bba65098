const HOUR = 3_600_000;

/** Spans of time to choose from: what each is called, and how long it is. @type {Record<string, [string, number]>} */
export const SPANS = {
  "1h": ["Last hour", HOUR],
  "24h": ["Last 24 hours", 24 * HOUR],
  "7d": ["Last 7 days", 7 * 24 * HOUR],
  "30d": ["Last 30 days", 30 * 24 * HOUR],
};

/** When a span began; not a number for one that does not exist. @param {string} span @param {number} now */
export function since(span, now) {
  return Object.hasOwn(SPANS, span) ? now - /** @type {[string, number]} */ (SPANS[span])[1] : Number.NaN;
}
