import assert from "node:assert/strict";
import { test } from "node:test";
import { keepLive } from "../../static/dashboard/keep-live.js";
import { LiveCollection } from "../../static/dashboard/live-collection.js";
import { WebSocketClient } from "../../static/websocket.js";
import { FakeHttp, FakeStorage } from "./fake-http.js";
import { clientOnFakes } from "./fakes.js";

const at = (offset) => ({ inventory: { offset, epoch: "e1" } });
const vm = (id, version = 1) => ({ kind: "vm", id, version });
const snapshot = (vms, offset) => ({ type: "snapshot", topic: "inventory", data: { vms }, positions: at(offset) });
const update = (data, offset) => ({ type: "inventory", action: "updated", topic: "inventory", offset, data });

/** A page that follows the inventory beside its notifications; `loads` are the answers of its REST API. */
function followed(loads = []) {
  const all = clientOnFakes(WebSocketClient);
  const collection = new LiveCollection({ schedule: (work) => work });
  const pages = [];
  all.client.subscribe(["notifications"]);
  const load = async () => {
    const answer = loads.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const shell = { client: all.client, join: (page) => pages.push(page) };
  const { reload } = keepLive(shell, collection, { topic: "inventory", type: "inventory", load });
  return {
    ...all,
    collection,
    pages,
    reload,
    ids: () => collection.values().map(({ id, version }) => `${id}@${version}`),
  };
}

/** The server's answer to each subscribe that is not answered yet. */
function answer(socket, positions = {}) {
  for (const { id, topics } of socket.asked())
    socket.say({ type: "subscription", status: "subscribed", topics, positions, id });
}

test("A topic's state is asked for once, beside topics that have theirs, and not again after a break.", () => {
  const { client, clock, collection, last, ids } = followed();
  client.connect();
  last().greet();
  assert.deepEqual(
    last()
      .asked()
      .map(({ topics, snapshot = false }) => [topics, snapshot]),
    [
      [["notifications"], false],
      [["inventory"], true],
    ],
  );
  assert.equal(collection.phase, "loading");
  last().say(snapshot([vm("a")], 20));
  answer(last());
  last().say(update(vm("a", 2), 21));
  assert.deepEqual([ids(), collection.phase], [["a@2"], "ready"]);
  last().end();
  assert.equal(collection.phase, "stale");
  clock.pass(10_000);
  last().greet("again");
  const again = last().asked();
  assert.deepEqual([again.length, again[0].since.inventory.offset, again[0].snapshot], [1, 21, undefined]);
  assert.equal(collection.phase, "stale");
  last().say(update(vm("b"), 22));
  answer(last());
  assert.deepEqual([ids(), collection.phase], [["a@2", "b@1"], "ready"]);
});

test("A state that did not come before the connection broke is asked for again.", () => {
  const { client, clock, last } = followed();
  client.connect();
  last().greet();
  last().end();
  clock.pass(10_000);
  last().greet("again");
  assert.deepEqual(last().asked().at(-1).topics, ["inventory"]);
  assert.equal(last().asked().at(-1).snapshot, true);
});

test("Without a connection the REST API is asked: at once where there is nothing yet, then with every poll.", async () => {
  const { client, collection, last, pages, ids } = followed([[vm("a", 2)], new Error("away"), [vm("b")]]);
  client.connect();
  last().end();
  await new Promise(setImmediate);
  assert.deepEqual([ids(), collection.phase], [["a@2"], "stale"]);
  await pages[0].poll();
  assert.deepEqual([ids(), collection.phase], [["a@2"], "stale"]);
  await pages[0].poll();
  assert.deepEqual(ids(), ["b@1"]);
});

test("Where nothing could be loaded that is said, until something can.", async () => {
  const { client, collection, last, reload } = followed([new Error("The server cannot be reached."), [vm("a")]]);
  client.connect();
  last().end();
  await new Promise(setImmediate);
  assert.deepEqual([collection.phase, collection.error.message], ["error", "The server cannot be reached."]);
  await reload();
  assert.equal(collection.phase, "stale");
});

test("A REST answer that comes when the connection is back is dropped.", async () => {
  const { client, clock, collection, last, reload, ids } = followed([[vm("old")], [vm("older")]]);
  client.connect();
  last().end();
  await new Promise(setImmediate);
  const asked = reload();
  clock.pass(10_000);
  last().greet();
  last().say(snapshot([vm("a")], 20));
  await asked;
  assert.deepEqual([ids(), collection.phase], [["a@1"], "ready"]);
});

test("Who may not follow the topic, or no longer, is shown nothing.", () => {
  const { client, collection, last } = followed();
  client.connect();
  last().greet();
  last().say(snapshot([vm("a")], 20));
  const denied = [{ topic: "inventory", code: "forbidden" }];
  last().say({ type: "subscription", status: "unsubscribed", topics: ["inventory"], denied });
  assert.deepEqual([collection.phase, collection.size], ["error", 0]);
});

test("A cursor that covers more than what is kept is not kept: the rest would have no state.", async () => {
  const remembering = (topics) => {
    const storage = new FakeStorage();
    const http = new FakeHttp();
    const { client } = clientOnFakes(WebSocketClient, { storage, http: http.options });
    client.subscribe(topics);
    client.remember({ owner: "ada", topics: ["notifications"], save: () => ({}), restore: () => {} });
    client.client.following.resume({ notifications: { offset: 1, epoch: "e" } }, "cursor");
    client.memory.keep();
    return JSON.parse(storage.getItem("aether:following")).cursor;
  };
  assert.equal(remembering(["notifications"]), "cursor");
  assert.equal(remembering(["notifications", "inventory"]), null);
});
