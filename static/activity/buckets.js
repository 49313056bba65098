/**
 * @typedef {Record<string, number>} Counts By level, or by state.
 * @typedef {{ start: string, notifications: Counts, jobs: Counts }} Bucket As the API says it.
 * @typedef {"notifications" | "jobs"} Kind
 * @typedef {{ name: string, x: number, y: number, width: number, height: number }} Part
 * @typedef {{ bucket: Bucket, x: number, parts: Part[], total: number }} Bar
 */

/** The fewest that a bar of full height stands for, so that a single one does not look like a storm. */
const SCALE = 4;

/**
 * Return the stacked bars of one kind, on a ground of *width* × *height*.
 *
 * @param {readonly Bucket[]} buckets
 * @param {Kind} kind
 * @param {readonly string[]} names From the top of a bar to its foot.
 * @param {{ width: number, height: number }} ground
 * @returns {Bar[]}
 */
export function bars(buckets, kind, names, { width, height }) {
  const most = Math.max(SCALE, ...buckets.map((bucket) => sum(bucket[kind])));
  const step = width / Math.max(1, buckets.length);
  return buckets.map((bucket, index) => {
    let y = height;
    const parts = [...names].reverse().flatMap((name) => {
      const part = ((bucket[kind][name] ?? 0) / most) * height;
      y -= part;
      return part > 0 ? [{ name, x: index * step + step * 0.1, y, width: step * 0.8, height: part }] : [];
    });
    return { bucket, x: index * step, parts, total: sum(bucket[kind]) };
  });
}

/** @param {readonly Bucket[]} buckets @param {Kind} kind @returns {Counts} */
export function totals(buckets, kind) {
  /** @type {Counts} */
  const all = {};
  for (const bucket of buckets)
    for (const [name, count] of Object.entries(bucket[kind])) all[name] = (all[name] ?? 0) + count;
  return all;
}

/** @param {Counts} counts */
export function sum(counts) {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
