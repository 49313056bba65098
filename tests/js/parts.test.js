import assert from "node:assert/strict";
import { test } from "node:test";
import { listState } from "../../static/dashboard/list-state.js";
import { parsed, written } from "../../static/dashboard/query.js";
import { matcher } from "../../static/dashboard/search-box.js";
import { digest, Seen } from "../../static/dashboard/seen.js";
import { stateOf, statesOf } from "../../static/dashboard/state-chip.js";
import { Ticker } from "../../static/dashboard/ticker.js";
import { elapsed } from "../../static/dashboard/time.js";
import { atEnd, indexNear, moved, rangeOf, revealing } from "../../static/dashboard/virtual-range.js";
import { FakeStorage } from "./fake-http.js";
import { FakeClock } from "./fakes.js";

const held = (versions) => ({ versions: () => Object.entries(versions) });
const defaults = { q: "", state: [], sort: "name" };

test("Filters go into the address and come out of it; what is not theirs stays.", () => {
  const values = { q: "db & web", state: ["Running", "Off"], sort: "name" };
  const search = written("?show=error&q=old", values, defaults);
  assert.equal(search, "?show=error&q=db+%26+web&state=Running&state=Off");
  assert.deepEqual(parsed(search, defaults), values);
  assert.equal(written(search, defaults, defaults), "?show=error");
  assert.equal(written("?q=x", defaults, defaults), "");
  assert.deepEqual(parsed("?state=&x=1", defaults), defaults);
});

test("An empty list that is not the default is said.", () => {
  const open = { state: ["running"] };
  const search = written("", { state: [] }, open);
  assert.deepEqual(parsed(search, open), { state: [] });
});

test("Every word of a search must be somewhere, in any order and case.", () => {
  const matches = matcher("  WEB 01 ");
  assert.equal(matches("web-server-01", "running"), true);
  assert.equal(matches("01", null, "the web"), true);
  assert.equal(matches("web-server-02", undefined), false);
  assert.equal(matcher("")("anything"), true);
});

test("On the first visit nothing is new; later what was added or changed meanwhile is, until the person has looked.", () => {
  const storage = new FakeStorage();
  const options = { storage, user: "ada", page: "inventory" };
  const first = new Seen(options);
  assert.deepEqual([...first.changed(held({ a: 1, b: 1 }))], []);
  first.lookAtAll(held({ a: 1, b: 1 }));
  const later = new Seen(options);
  const now = held({ a: 1, b: 2, c: 1 });
  assert.deepEqual([...later.changed(now)], ["b", "c"]);
  assert.deepEqual([later.since("a", 1), later.since("b", 2), later.since("c", 1)], [null, "changed", "new"]);
  later.look("b", 2);
  assert.deepEqual([...later.changed(now)], ["c"]);
  later.lookAtAll(now);
  assert.deepEqual([...new Seen(options).changed(now)], []);
});

test("What was seen is each person's and each page's own, and names nobody and nothing.", () => {
  const storage = new FakeStorage();
  new Seen({ storage, user: "ada", page: "inventory" }).lookAtAll(held({ "vm:secret-project": 1 }));
  assert.equal(new Seen({ storage, user: "bob", page: "inventory" }).versions, null);
  assert.equal(new Seen({ storage, user: "ada", page: "jobs" }).versions, null);
  const kept = JSON.stringify([...storage.items]);
  assert.ok(!kept.includes("ada") && !kept.includes("secret"), kept);
  assert.notEqual(digest("vm:a"), digest("vm:b"));
});

test("A storage that is damaged, full or forbidden costs the marks, and nothing else.", () => {
  const storage = new FakeStorage();
  const options = { storage, user: "ada", page: "inventory" };
  storage.setItem(new Seen(options).key, "{");
  const seen = new Seen(options);
  assert.deepEqual([...seen.changed(held({ a: 1 }))], []);
  const no = () => {
    throw new DOMException("no", "QuotaExceededError");
  };
  const forbidden = new Seen({ ...options, storage: { getItem: no, setItem: no } });
  forbidden.lookAtAll(held({ a: 1 }));
  assert.deepEqual([...forbidden.changed(held({ a: 2 }))], ["a"]);
  assert.deepEqual([...new Seen({ ...options, storage: null }).changed(held({ a: 2 }))], []);
});

test("Only the rows that can be seen are made, with some on either side, wherever one scrolls to.", () => {
  const at = (top) => ({ top, height: 400, rowHeight: 20 });
  assert.deepEqual(rangeOf(at(0), 100_000, 5), [0, 25]);
  assert.deepEqual(rangeOf(at(1_000_010), 100_000, 5), [49_995, 50_026]);
  assert.deepEqual(rangeOf(at(2_000_000 - 400), 100_000, 5), [99_975, 100_000]);
  assert.deepEqual(rangeOf(at(9_999_999), 10, 5), [10, 10]);
  assert.deepEqual(rangeOf(at(0), 0, 5), [0, 0]);
  assert.deepEqual(rangeOf({ ...at(0), rowHeight: 0 }, 10, 5), [0, 0]);
  assert.equal(atEnd(at(1_600), 100), true);
  assert.equal(atEnd(at(1_500), 100), false);
});

test("Keys lead from row to row, and no further than there are rows; a row that is visible moves nothing.", () => {
  const to = (key, index) => moved(key, index, 100, 10);
  assert.deepEqual([to("ArrowDown", 99), to("ArrowUp", 0), to("PageDown", 50), to("Home", 50)], [99, 0, 60, 0]);
  assert.deepEqual([to("End", 3), to("x", 3), moved("End", 0, 0, 10)], [99, null, null]);
  const viewport = { top: 100, height: 200, rowHeight: 20 };
  assert.deepEqual([revealing(viewport, 7), revealing(viewport, 2), revealing(viewport, 20)], [100, 40, 220]);
});

test("A row is found again wherever it has gone.", () => {
  const items = ["a", "b", "c", "d"];
  const near = (key, index) => indexNear(items, (item) => item, key, index);
  assert.deepEqual([near("c", 2), near("a", 3), near("d", 99), near("x", 1)], [2, 0, 3, -1]);
  assert.equal(
    indexNear([], (item) => item, "a", 0),
    -1,
  );
});

test("Every state has a word and an icon; one that is not known reads as it came.", () => {
  for (const kind of ["vm", "host", "job"])
    for (const state of statesOf(kind)) assert.ok(stateOf(kind, state).icon && stateOf(kind, state).word);
  assert.deepEqual(stateOf("vm", "constructor"), { tone: "plain", icon: "question", word: "constructor" });
  assert.equal(statesOf("vm").length, 9);
});

test("How long something takes reads naturally.", () => {
  const start = "2026-01-01T00:00:00Z";
  const after = (seconds) => elapsed(start, null, Date.parse(start) + seconds * 1_000);
  assert.deepEqual(
    [after(48), after(185), after(7_620), after(360_000)],
    ["48 s", "3 min 05 s", "2 h 07 min", "4 d 4 h"],
  );
  assert.equal(elapsed(start, "2026-01-01T00:00:09Z", 0), "9 s");
  assert.deepEqual([elapsed(null, null, 0), after(-5)], ["", "0 s"]);
});

test("Times tick once a second while somebody looks, and what has left the page is forgotten.", () => {
  const clock = new FakeClock();
  let hidden = false;
  const ticker = new Ticker({ clock, hidden: () => hidden });
  const element = { textContent: "", isConnected: true };
  const start = clock.now();
  ticker.watch(element, (now) => `${(now - start) / 1_000}`);
  clock.pass(3_000);
  assert.equal(element.textContent, "3");
  hidden = true;
  clock.pass(5_000);
  assert.equal(element.textContent, "3");
  hidden = false;
  clock.pass(1_000);
  assert.equal(element.textContent, "9");
  element.isConnected = false;
  clock.pass(2_000);
  assert.equal(clock.timers.size, 0);
});

test("A list says what it has instead of rows, and how to get out of it.", () => {
  const empty = { kind: "words", icon: "vm", title: "Nothing here yet", text: "" };
  const run = () => {};
  const state = (collection, more = {}) =>
    listState({ error: null, size: 0, ...collection }, { shown: 0, empty, reload: run, ...more });
  assert.equal(state({ phase: "loading" }).kind, "loading");
  assert.equal(state({ phase: "error", error: new Error("away") }).text, "away");
  assert.equal(state({ phase: "ready" }, { showAll: run }), empty);
  assert.equal(state({ phase: "ready", size: 3 }, { showAll: run }).action.words, "Show all");
  assert.equal(state({ phase: "stale", size: 3 }, { shown: 3 }).kind, "none");
});
