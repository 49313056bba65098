import assert from "node:assert/strict";
import { test } from "node:test";
import { anchored, anchorOf } from "../../static/job/anchor.js";
import { Found } from "../../static/job/found.js";
import { LineLoader, take } from "../../static/job/line-loader.js";
import { LineRows, lineOf, partOf } from "../../static/job/line-rows.js";
import { BLOCK, LineStore } from "../../static/job/line-store.js";
import { pages } from "../../static/job/reader.js";
import { Wrapping } from "../../static/job/wrapping.js";

const numbered = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}`);
/** A server that has *total* lines and gives at most *most* at once. */
function server(total, { most = 10_000, start = 1 } = {}) {
  const asked = [];
  const read = async (first, limit) => {
    asked.push([first, limit]);
    const from = Math.max(first, start);
    const lines = numbered(from, Math.min(total, from + Math.min(limit, most) - 1));
    return { first_line: from, lines, next_line: from + lines.length, total };
  };
  return { asked, read };
}

test("Lines have their numbers, whatever comes twice, overlapping or in another order.", () => {
  const store = new LineStore();
  store.put(201, numbered(201, 400));
  store.put(1, numbered(1, 250));
  store.put(399, numbered(399, 401));
  assert.equal(store.total, 401);
  for (const number of [1, 200, 201, 250, 400, 401]) assert.equal(store.get(number), `line ${number}`);
  assert.equal(store.get(402), undefined);
  assert.equal(store.missing(1, 401), null);
});

test("A blank line is a line.", () => {
  const store = new LineStore();
  store.put(1, ["", "a", ""]);
  assert.deepEqual([store.total, store.get(1), store.missing(1, 3)], [3, "", null]);
});

test("A gap is what is missing, block by block, and never beyond the end.", () => {
  const store = new LineStore();
  store.put(2_500, numbered(2_500, 2_600));
  assert.deepEqual(store.missing(2_400, 2_600), { first: 2_400, limit: 100 });
  assert.deepEqual(store.missing(900, 1_100), { first: 900, limit: 101 });
  assert.equal(store.missing(2_550, 9_999), null);
  store.dropBefore(950);
  assert.deepEqual(store.missing(900, 1_100), { first: 950, limit: 51 });
  assert.equal(store.count, 1_651);
});

test("Memory is bounded: what nobody looked at for longest goes, but not the end, and may come again.", () => {
  const store = new LineStore({ most: 40_000 });
  store.put(1, numbered(1, 3_000));
  store.get(1);
  store.put(3_001, numbered(3_001, 10_000));
  assert.ok(store.size <= 40_000, `${store.size}`);
  assert.equal(store.get(10_000), "line 10000");
  assert.equal(store.total, 10_000);
  const gap = store.missing(1_500, 1_600);
  assert.deepEqual(gap, { first: 1_500, limit: BLOCK - 499 });
  store.put(1_500, numbered(1_500, 1_600));
  assert.equal(store.get(1_550), "line 1550");
});

test("What is looked at is loaded with the rest of its block, one request at a time, short answers included.", async () => {
  const store = new LineStore();
  store.put(99_801, numbered(99_801, 100_000));
  const { asked, read } = server(100_000, { most: 400 });
  const loader = new LineLoader({ store, read, came: () => {} });
  loader.want(50_100, 50_140);
  loader.want(70_900, 71_040);
  while (loader.loading) await new Promise(setImmediate);
  assert.equal(store.missing(70_900, 71_040), null);
  assert.equal(asked[0][0], 50_001);
  assert.ok(asked.length <= 6, JSON.stringify(asked));
});

test("An error ends the asking until somebody tries again.", async () => {
  const store = new LineStore();
  store.extend(100);
  const { read } = server(100);
  let broken = true;
  const came = [];
  const loader = new LineLoader({
    store,
    read: (...asked) => (broken ? Promise.reject(new Error("gone")) : read(...asked)),
    came: (page) => came.push(page !== null),
  });
  loader.want(1, 20);
  while (loader.loading) await new Promise(setImmediate);
  loader.want(1, 20);
  assert.deepEqual([came, loader.error?.message], [[false], "gone"]);
  broken = false;
  loader.retry();
  while (loader.loading) await new Promise(setImmediate);
  assert.equal(store.get(100), "line 100");
});

test("Lines that are gone are not asked for again.", async () => {
  const store = new LineStore();
  store.extend(5_000);
  const { asked, read } = server(5_000, { start: 3_000 });
  const loader = new LineLoader({ store, read, came: () => {} });
  loader.want(1, 50);
  while (loader.loading) await new Promise(setImmediate);
  assert.deepEqual([store.start, asked.length], [3_000, 1]);
  take(store, { first_line: 5_001, lines: [], next_line: 5_001, total: 5_000 }, 3_000);
  assert.equal(store.count, 0);
});

test("Rows are lines, or the parts of wrapped ones, and grow at the end.", () => {
  const store = new LineStore();
  const [rows, wrapping] = [new LineRows(), new Wrapping(store)];
  const lines = ["short", "x".repeat(50), "", "y".repeat(20)];
  store.put(1, lines);
  const of = (anew) =>
    rows.of(store, (line) => wrapping.partsOf(line), { anew }).map((row) => [lineOf(row), partOf(row)]);
  assert.deepEqual(of(), [
    [1, 0],
    [2, 0],
    [3, 0],
    [4, 0],
  ]);
  assert.equal(wrapping.wrap(20), true);
  assert.equal(wrapping.wrap(20), false);
  assert.deepEqual(of(true), [
    [1, 0],
    [2, 0],
    [2, 1],
    [2, 2],
    [3, 0],
    [4, 0],
  ]);
  assert.deepEqual([rows.indexOf(3), rows.indexOf(99)], [4, 5]);
  store.put(5, ["z".repeat(25)]);
  wrapping.came(5, ["z".repeat(25)]);
  assert.deepEqual(of().slice(-2), [
    [5, 0],
    [5, 1],
  ]);
  wrapping.wrap(0);
  assert.equal(of(true).length, 5);
});

test("A search finds lines as they come, says which one it is at, and goes round.", () => {
  const found = new Found("Err.r(");
  found.look(100, ["ok", "ERR.R( \u001b[31mhere", "errr("]);
  found.look(1, ["err.r(", "x"]);
  found.look(1, ["err.r("]);
  assert.deepEqual(found.lines, [1, 101]);
  assert.deepEqual([found.go(1, 50), found.place], [101, 2]);
  assert.deepEqual([found.go(1, 50), found.place], [1, 1]);
  assert.deepEqual([found.go(-1, 50), found.place], [101, 2]);
  assert.deepEqual(found.ranges("a err.r( b"), [[2, 8]]);
  assert.equal(new Found("none").go(1, 1), null);
});

test("A search does not look into sequences.", () => {
  const found = new Found("31m");
  found.look(1, ["\u001b[31mred", "31m in text"]);
  assert.deepEqual(found.lines, [2]);
});

test("Addresses point to a line or to several.", () => {
  assert.deepEqual(anchored("#L42"), { from: 42, to: 42 });
  assert.deepEqual(anchored("#L50-L42"), { from: 42, to: 50 });
  assert.deepEqual(anchored("#L5-9"), { from: 5, to: 9 });
  for (const hash of ["", "#L", "#L0", "#Lx", "#L1-", "#main", `#L${"9".repeat(40)}`])
    assert.equal(anchored(hash), null);
  assert.deepEqual([anchorOf({ from: 3, to: 3 }), anchorOf({ from: 3, to: 5 })], ["#L3", "#L3-L5"]);
});

test("All lines are read page by page, or a range of them, until there are no more or nobody wants them.", async () => {
  const { read } = server(25_000);
  const get = (url) => {
    const query = new URL(url, "http://x").searchParams;
    return read(Number(query.get("from")), Number(query.get("limit")));
  };
  const sizes = [];
  for await (const page of pages(get, "7")) sizes.push(page.lines.length);
  assert.deepEqual(sizes, [10_000, 10_000, 5_000]);
  for await (const page of pages(get, "7", { from: 10, to: 12 })) assert.deepEqual(page.lines, numbered(10, 12));
  const ended = new AbortController();
  let count = 0;
  for await (const _ of pages(get, "7", { signal: ended.signal })) {
    count += 1;
    ended.abort();
  }
  assert.equal(count, 1);
});
