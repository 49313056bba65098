import { h, icon, svg } from "../dashboard/dom.js";
import { levelOf } from "../dashboard/row.js";
import { stateOf } from "../dashboard/state-chip.js";
import { bars, sum, totals } from "./buckets.js";

/** @import { Bucket, Kind } from "./buckets.js" */

const GROUND = { width: 360, height: 56 };
/** @type {Record<Kind, { title: string, names: string[] }>} Names from the top of a bar to its foot. */
const KINDS = {
  notifications: { title: "Notifications", names: ["error", "warning", "success", "info"] },
  jobs: { title: "Jobs", names: ["failed", "cancelled", "completed", "running"] },
};
/** @type {Record<string, string>} What a job did at a time, where its state alone would say what it is now. */
const DID = { running: "Begun" };

/** One kind of what happened, as stacked bars; a title and a description say it to who does not see them.
 * @param {readonly Bucket[]} buckets @param {Kind} kind */
export function chart(buckets, kind) {
  const { title, names } = KINDS[kind];
  const drawn = bars(buckets, kind, names, GROUND);
  const [heading, about] = [svg("title", { id: `hour-${kind}-title` }), svg("desc", { id: `hour-${kind}-about` })];
  heading.textContent = `${title} in the last hour`;
  about.textContent = described(buckets, kind);
  const picture = svg(
    "svg",
    {
      viewBox: `0 0 ${GROUND.width} ${GROUND.height + 2}`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-labelledby": heading.id,
      "aria-describedby": about.id,
      "data-testid": `hour-${kind}`,
    },
    heading,
    about,
    ...drawn.map((bar) => column(bar, kind)),
  );
  return h("figure", { class: "hour-figure" }, legend(buckets, kind), picture);
}

/** @param {ReturnType<typeof bars>[number]} bar @param {Kind} kind */
function column({ bucket, x, parts, total }, kind) {
  const told = svg("title", {});
  told.textContent = `${clock(bucket.start)}: ${total ? inWords(bucket, kind) : "nothing"}`;
  const step = GROUND.width / 12;
  // The whole height answers to the pointer, a bar of one is thin.
  const ground = svg("rect", { class: "hour-reach", x, y: 0, width: step, height: GROUND.height + 2 });
  const foot = svg("rect", { class: "bar-ground", x: x + step * 0.1, y: GROUND.height, width: step * 0.8, height: 2 });
  const drawn = parts.map(({ name, ...at }) => svg("rect", { class: "hour-part", "data-name": name, ...at }));
  return svg("g", {}, told, ground, foot, ...drawn);
}

/** What the colours mean, with how many in all. @param {readonly Bucket[]} buckets @param {Kind} kind */
function legend(buckets, kind) {
  const { title, names } = KINDS[kind];
  const all = totals(buckets, kind);
  const entries = names
    .filter((name) => all[name])
    .map((name) =>
      h("span", { class: "hour-key", "data-name": name }, icon(iconOf(kind, name)), `${all[name]} ${word(kind, name)}`),
    );
  const none = h("span", { class: "muted" }, "none");
  return h(
    "figcaption",
    {},
    h("strong", {}, title),
    h("span", { class: "hour-keys" }, ...(entries.length ? entries : [none])),
  );
}

/** The same in figures. @param {readonly Bucket[]} buckets */
export function table(buckets) {
  const columns = Object.entries(KINDS).flatMap(([kind, { names }]) =>
    names.map((name) => ({ kind: /** @type {Kind} */ (kind), name })),
  );
  const head = columns.map(({ kind, name }) => h("th", { scope: "col" }, word(kind, name)));
  const groups = Object.values(KINDS).map(({ title, names }) =>
    h("th", { scope: "colgroup", colspan: names.length }, title),
  );
  const rows = [...buckets].reverse().map((bucket) => {
    const cells = columns.map(({ kind, name }) => h("td", {}, `${bucket[kind][name] ?? 0}`));
    return h("tr", {}, h("th", { scope: "row" }, h("time", { datetime: bucket.start }, clock(bucket.start))), ...cells);
  });
  return h(
    "table",
    { "data-testid": "hour-table" },
    h("caption", { class: "sr-only" }, "Activity in the last hour, the latest first"),
    h("thead", {}, h("tr", {}, h("th", { scope: "col", rowspan: 2 }, "From"), ...groups), h("tr", {}, ...head)),
    h("tbody", {}, ...rows),
  );
}

/** @param {readonly Bucket[]} buckets @param {Kind} kind */
function described(buckets, kind) {
  const all = totals(buckets, kind);
  if (sum(all) === 0) return "Nothing.";
  const most = buckets.reduce((a, b) => (sum(b[kind]) > sum(a[kind]) ? b : a));
  const said = KINDS[kind].names.map((name) => `${word(kind, name)}: ${all[name] ?? 0}`).join(", ");
  return `${said}. Most, ${sum(most[kind])}, in the five minutes from ${clock(most.start)}.`;
}

/** @param {Bucket} bucket @param {Kind} kind */
function inWords(bucket, kind) {
  const { names } = KINDS[kind];
  return names
    .filter((name) => bucket[kind][name])
    .map((name) => `${bucket[kind][name]} ${word(kind, name)}`)
    .join(", ");
}

/** @param {Kind} kind @param {string} name */
function word(kind, name) {
  return kind === "jobs" ? (DID[name] ?? stateOf("job", name).word) : levelOf(name).word;
}

/** @param {Kind} kind @param {string} name */
function iconOf(kind, name) {
  return kind === "jobs" ? stateOf("job", name).icon : levelOf(name).icon;
}

/** In the reader's own zone and manner. @param {string} time */
function clock(time) {
  return new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}
