import assert from "node:assert/strict";
import { test } from "node:test";
import { Inbox } from "../../static/dashboard/inbox.js";
import { packed, unpacked } from "../../static/dashboard/keeping.js";
import { applied, emptyState, replaced } from "../../static/dashboard/store.js";
import { WebSocketClient } from "../../static/websocket.js";
import { FakeHttp, FakeStorage, publication } from "./fake-http.js";
import { clientOnFakes } from "./fakes.js";

const TOPIC = "notifications";
const KEY = "aether:following";

/** One life of a page on *storage*, whose state is the list of the offsets that it has seen. */
function page(storage, { owner = "ada", topics = [TOPIC], later = 0, http, save } = {}) {
  const all = clientOnFakes(WebSocketClient, { storage, http });
  all.clock.time += later;
  const seen = [];
  all.client.on("notification", ({ offset }) => seen.push(offset));
  all.client.on("snapshot", ({ positions }) => seen.splice(0, seen.length, `snapshot ${positions[TOPIC].offset}`));
  all.client.subscribe(topics);
  const restored = all.client.remember({
    owner,
    topics,
    save: save ?? (() => ({ seen })),
    restore: (state) => seen.push(...state.seen),
  });
  return { ...all, seen, restored };
}

/** A page that has seen up to 12 and then went away. */
function before(storage, changes = {}) {
  const { client, last } = page(storage, changes);
  client.connect();
  last().greet("c", 10);
  last().confirm({ [TOPIC]: { offset: 10, epoch: "e1" } });
  for (const offset of [11, 12]) last().say(publication(offset));
  client.memory.keep();
  return client;
}

test("After a reload the page has its state back and gets exactly what it missed.", () => {
  const storage = new FakeStorage();
  before(storage);
  const { client, last, restored, seen } = page(storage);
  assert.equal(restored, true);
  assert.deepEqual(seen, [11, 12]);
  assert.equal(client.getOffset(TOPIC), 12);
  client.connect();
  last().greet("c-2", 14);
  assert.deepEqual(last().asked()[0].since, { [TOPIC]: { offset: 12, epoch: "e1" } });
  for (const offset of [12, 13, 14]) last().say(publication(offset));
  assert.deepEqual(seen, [11, 12, 13, 14]);
});

test("A position of another epoch ends in a reset and the snapshot, which replaces what was restored.", () => {
  const storage = new FakeStorage();
  before(storage);
  const { client, last, seen } = page(storage);
  client.connect();
  last().greet("c-2", 3);
  last().say({ type: "reset", topic: TOPIC, reason: "epoch_changed" });
  last().say({ type: "snapshot", topic: TOPIC, data: {}, positions: { [TOPIC]: { offset: 3, epoch: "e2" } } });
  last().confirm({ [TOPIC]: { offset: 3, epoch: "e2" } });
  last().say(publication(4));
  assert.deepEqual(seen, ["snapshot 3", 4]);
});

test("What is somebody else's, old, of other topics, of another version or damaged is removed unread.", () => {
  const damaged = ["", "{", "null ", "7", '{"version":1}', '{"version":1,"owner":"ada","at":1e15,"positions":null}'];
  const changes = [{ owner: "bob" }, { later: 3_600_000 }, { topics: ["jobs"] }];
  for (const change of changes) {
    const storage = new FakeStorage();
    before(storage);
    const { client, restored, seen } = page(storage, change);
    assert.deepEqual([restored, seen, client.getOffset(TOPIC), storage.items.size], [false, [], null, 0]);
  }
  for (const text of damaged) {
    const storage = new FakeStorage();
    storage.setItem(KEY, text);
    const { restored, seen } = page(storage);
    assert.deepEqual([restored, seen], [false, []]);
  }
  const storage = new FakeStorage();
  before(storage);
  storage.setItem(KEY, storage.getItem(KEY).replace('"version":1', '"version":0'));
  assert.equal(page(storage).restored, false);
});

test("A state that the application cannot use takes its position with it.", () => {
  const storage = new FakeStorage();
  before(storage);
  const { client } = clientOnFakes(WebSocketClient, { storage });
  const refuse = () => {
    throw new TypeError("of an older release");
  };
  assert.equal(client.remember({ owner: "ada", topics: [TOPIC], save: () => null, restore: refuse }), false);
  assert.deepEqual([client.getOffset(TOPIC), storage.items.size], [null, 0]);
});

test("A storage that is full, forbidden or missing costs the memory, and nothing else.", () => {
  const storage = new FakeStorage();
  storage.broken = true;
  for (const poor of [storage, null, undefined]) {
    before(poor);
    const { client, restored, last, seen } = page(poor);
    assert.equal(restored, false);
    client.connect();
    last().greet("c", 10);
    last().say(publication(11));
    assert.deepEqual(seen, [11]);
  }
});

test("What is too big to keep is not kept, and what was kept before goes with it: it is out of date.", () => {
  const storage = new FakeStorage();
  before(storage);
  assert.equal(storage.items.size, 1);
  before(storage, { save: () => "x".repeat(1_000_000) });
  assert.equal(storage.items.size, 0);
});

test("A position without a state, or a state without a position, is not kept.", () => {
  const storage = new FakeStorage();
  before(storage, { save: () => null });
  assert.equal(storage.items.size, 0);
  page(storage).client.memory.keep();
  assert.equal(storage.items.size, 0);
});

test("Nothing is kept of who signs out, also not by the page's last moment.", () => {
  const storage = new FakeStorage();
  const client = before(storage);
  client.forget();
  client.memory.keep();
  assert.equal(storage.items.size, 0);
});

test("Where WebSocket is blocked, a reload continues the stream from its cursor.", async () => {
  const storage = new FakeStorage();
  for (const [cursor, next] of [
    [undefined, 11],
    ["c11", 12],
  ]) {
    const http = new FakeHttp();
    const { client, clock, last, statuses, seen } = page(storage, { http: http.options });
    client.connect();
    for (let handshake = 0; handshake < 2; handshake += 1) {
      last().end();
      clock.pass(statuses.at(-1).delay);
    }
    assert.equal(http.last().headers["Last-Event-ID"], cursor);
    if (cursor) await http.last().open();
    else await http.last().begin(10);
    await http.last().event(publication(next), `c${next}`);
    assert.equal(seen.at(-1), next);
    client.memory.keep();
    assert.equal(seen.filter((one) => one === next).length, 1);
  }
});

const item = (id, more = {}) => ({ id, version: 1, read: false, offset: 5, created_at: `2026-01-0${id}`, ...more });
const data = (...items) => ({ notifications: items, unread_count: items.length, total_count: items.length, next: "n" });

test("An inbox is the same after a reload: items, marks, tombstones, counts, position.", () => {
  const position = { offset: 10, epoch: "e" };
  const gone = { type: "notification", action: "deleted", offset: 11, data: item("1", { version: 3 }) };
  const state = applied(replaced(emptyState(), data(item("1"), item("2", { read: true })), position), gone);
  assert.deepEqual(unpacked(JSON.parse(JSON.stringify(packed(state)))), state);
  assert.equal(packed(emptyState()), null);
});

test("What is no inbox is refused.", () => {
  const good = packed(replaced(emptyState(), data(item("1")), { offset: 10, epoch: "e" }));
  const changes = [{ items: [{}] }, { items: null }, { unread: "1" }, { position: {} }, { tombstones: 5 }];
  for (const change of changes) assert.throws(() => unpacked({ ...good, ...change }), TypeError);
  for (const nothing of [null, 5, "x", []]) assert.throws(() => unpacked(nothing), TypeError);
});

test("What arrived during a reload is told as missed, and what was there before is not.", () => {
  const arrivals = [];
  const told = ({ items, missed }) => arrivals.push([items.map(({ id }) => id), missed]);
  const inbox = new Inbox({ api: {}, changed: () => {}, arrived: told, failed: () => {} });
  inbox.resume(replaced(emptyState(), data(item("1")), { offset: 10, epoch: "e" }), 5_000);
  assert.deepEqual([inbox.view().phase, inbox.asOf, arrivals], ["ready", 5_000, []]);
  inbox.replace(data(item("2", { offset: 11 }), item("1")), { offset: 11, epoch: "e" });
  inbox.receive({ type: "notification", action: "created", topic: TOPIC, offset: 11, data: item("2") });
  assert.deepEqual(arrivals, [[["2"], true]]);
});
