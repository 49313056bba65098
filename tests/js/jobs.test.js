import assert from "node:assert/strict";
import { test } from "node:test";
import { bars, totals } from "../../static/activity/buckets.js";
import { LiveCollection, objectsOf } from "../../static/dashboard/live-collection.js";
import { add, nextOf, Older, told, withOlder } from "../../static/jobs/older.js";
import { hasSamePlace, isOver, rowsOf } from "../../static/jobs/order.js";
import { Steady } from "../../static/jobs/steady.js";

const ALL = { status: [], q: "" };
const time = (minute) => `2026-11-24T09:${`${minute}`.padStart(2, "0")}:00Z`;
const job = (id, status, minute, more = {}) => ({
  job_id: id,
  name: `Job ${id}`,
  job_type: "task",
  status,
  created_at: time(minute),
  started_at: status === "pending" ? null : time(minute),
  completed_at: ["completed", "failed", "cancelled"].includes(status) ? time(minute) : null,
  parent: null,
  child_jobs: [],
  version: 1,
  ...more,
});
const ids = (rows) => rows.map((row) => row.job.job_id);

test("Running jobs come first, then pending ones, then what ended last.", () => {
  const jobs = [
    job("a", "completed", 5),
    job("b", "running", 1),
    job("c", "pending", 9),
    job("d", "failed", 8),
    job("e", "running", 2),
  ];
  assert.deepEqual(ids(rowsOf(jobs, ALL, new Set())), ["e", "b", "c", "d", "a"]);
});

test("Children are under their parent where it is opened, in the order of the work.", () => {
  const jobs = [
    job("p", "running", 1, { child_jobs: ["x", "y"] }),
    job("y", "pending", 3, { parent: "p" }),
    job("x", "completed", 2, { parent: "p", child_jobs: ["z"] }),
    job("z", "failed", 4, { parent: "x" }),
    job("o", "completed", 9, { parent: "not here" }),
  ];
  assert.deepEqual(ids(rowsOf(jobs, ALL, new Set())), ["p", "o"]);
  const rows = rowsOf(jobs, ALL, new Set(["p", "x"]));
  assert.deepEqual(ids(rows), ["p", "x", "z", "y", "o"]);
  assert.deepEqual(
    rows.map(({ level, open, children, place, siblings }) => [level, open, children, place, siblings]),
    [
      [1, true, 2, 1, 2],
      [2, true, 1, 1, 2],
      [3, false, 0, 1, 1],
      [2, false, 0, 2, 2],
      [1, false, 0, 2, 2],
    ],
  );
});

test("A parent is as active as the most active of its parts.", () => {
  const jobs = [
    job("p", "completed", 1, { child_jobs: ["x"] }),
    job("x", "running", 2, { parent: "p" }),
    job("q", "pending", 9),
  ];
  assert.deepEqual(ids(rowsOf(jobs, ALL, new Set())), ["p", "q"]);
});

test("What is filtered stands for itself, by state and by every word.", () => {
  const jobs = [
    job("p", "running", 1, { child_jobs: ["x"], target_host: "hv-1" }),
    job("x", "failed", 2, { parent: "p", target_host: "hv-2", created_by: "dana" }),
    job("y", "failed", 3),
  ];
  assert.deepEqual(ids(rowsOf(jobs, { status: ["failed"], q: "" }, new Set())), ["y", "x"]);
  assert.deepEqual(ids(rowsOf(jobs, { status: [], q: "DANA hv-2" }, new Set())), ["x"]);
  assert.deepEqual(ids(rowsOf(jobs, { status: ["running"], q: "hv-2" }, new Set())), []);
});

test("Ten thousand jobs are put in order within a frame or two.", () => {
  const states = ["completed", "failed", "running", "pending"];
  const jobs = Array.from({ length: 10_000 }, (_, index) => job(`${index}`, states[index % 4], index % 60));
  const times = [1, 2, 3].map(() => {
    const start = performance.now();
    assert.equal(rowsOf(jobs, ALL, new Set()).length, 10_000);
    return performance.now() - start;
  });
  assert.ok(Math.min(...times) < 100, `${times}`);
});

test("Rows stay where they are while the pointer is over them, but say what is new.", () => {
  const steady = new Steady();
  const before = rowsOf([job("a", "running", 2), job("b", "running", 1)], ALL, new Set());
  assert.equal(steady.rows(before), before);
  steady.holding = true;
  const wanted = rowsOf(
    [job("a", "completed", 3, { version: 2 }), job("b", "running", 1), job("c", "running", 9)],
    ALL,
    new Set(),
  );
  assert.deepEqual(ids(wanted), ["c", "b", "a"]);
  const held = steady.rows(wanted);
  assert.deepEqual(
    held.map(({ job }) => [job.job_id, job.status]),
    [
      ["a", "completed"],
      ["b", "running"],
    ],
  );
  assert.equal(steady.waiting, 2);
  steady.holding = false;
  assert.deepEqual([ids(steady.rows(wanted)), steady.waiting], [["c", "b", "a"], 0]);
});

test("A snapshot keeps older jobs that it cannot have, and lets go what it would have.", () => {
  const due = [];
  const jobs = new LiveCollection({
    schedule: (work) => () => due.push(work),
    objects: (state) => withOlder(objectsOf(state), jobs.values(), isOver),
  });
  const at = (offset) => ({ offset, epoch: "e" });
  jobs.replace({ jobs: [job("new", "completed", 30), job("run", "running", 1)] }, at(5));
  add(jobs, [job("old", "failed", 10), job("older", "completed", 5)]);
  jobs.replace({ jobs: [job("newer", "completed", 40), job("new", "completed", 30)] }, at(9));
  assert.deepEqual([...jobs.entries.keys()].sort(), ["new", "newer", "old", "older"]);
  jobs.replace({ jobs: [job("newer", "completed", 2)] }, at(12));
  assert.deepEqual([...jobs.entries.keys()], ["newer"]);
});

test("Older jobs come page by page; each choice of states has its own pages.", async () => {
  const jobs = new LiveCollection({ schedule: () => () => {} });
  const asked = [];
  const read = async (url) => {
    asked.push(url);
    const page = asked.length;
    return { jobs: [job(`j${page}`, "failed", page)], next: page === 1 ? "/api/v1/jobs?cursor=2" : null };
  };
  const older = new Older({ jobs, read, changed: () => {} });
  await older.load();
  await older.load();
  assert.deepEqual([older.isAtEnd, jobs.size], [true, 2]);
  await older.load();
  older.choose(["failed", "cancelled"]);
  assert.equal(older.isAtEnd, false);
  await older.load();
  assert.deepEqual(asked, [
    "/api/v1/jobs?limit=200",
    "/api/v1/jobs?cursor=2",
    "/api/v1/jobs?limit=200&status=failed&status=cancelled",
  ]);
});

test("Where a list goes on is in its header.", () => {
  assert.equal(nextOf('</api/v1/jobs?cursor=a%3Ab>; rel="next"'), "/api/v1/jobs?cursor=a%3Ab");
  assert.equal(nextOf(null), null);
});

test("Bars are as high as what they count, stacked from their foot, on a scale that they share.", () => {
  const bucket = (start, error, info) => ({ start, notifications: { error, info }, jobs: {} });
  const buckets = [bucket("a", 1, 3), bucket("b", 0, 8), bucket("c", 0, 0)];
  const drawn = bars(buckets, "notifications", ["error", "info"], { width: 30, height: 80 });
  assert.deepEqual(
    drawn.map(({ total, parts }) => [total, parts.map(({ name, y, height }) => [name, y, height])]),
    [
      [
        4,
        [
          ["info", 50, 30],
          ["error", 40, 10],
        ],
      ],
      [8, [["info", 0, 80]]],
      [0, []],
    ],
  );
  assert.deepEqual(totals(buckets, "notifications"), { error: 1, info: 11 });
});

test("Progress moves no row; a state, a name or another part does.", () => {
  const before = job("a", "running", 1);
  assert.equal(hasSamePlace(before, { ...before, progress: 50, version: 2 }), true);
  for (const change of [{ status: "failed" }, { name: "B" }, { child_jobs: ["b"] }, { error: "x" }])
    assert.equal(hasSamePlace(before, { ...before, ...change }), false);
  assert.equal(hasSamePlace(undefined, before), false);
});

test("Below the list stands how many jobs there are, and nothing where the list says that nothing matches.", () => {
  assert.equal(told(0, true), "");
  assert.equal(told(0, false), "");
  assert.equal(told(1, true), "1 job, and no older ones.");
  assert.equal(told(50, false), "50 jobs.");
});
