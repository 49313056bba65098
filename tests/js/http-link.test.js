import assert from "node:assert/strict";
import { test } from "node:test";
import { keepAlive, nextTry, onPoll, onStream, RETURN, TOPIC } from "./blocked.js";
import { publication, settled, snapshot } from "./fake-http.js";

test("Polls follow each other from the cursor of the one before; the first does not wait for news.", async () => {
  const { client, clock, http, offsets } = await onPoll();
  assert.deepEqual(http.last().query, { topics: TOPIC, wait: "0" });
  clock.pass(1_000);
  assert.deepEqual(http.last().query, { topics: TOPIC, wait: "25", since: "p10" });
  await http.last().answer({ messages: [publication(11), publication(12)], cursor: "p12" });
  clock.pass(1_000);
  await http.last().answer({ messages: [publication(12), publication(13)], cursor: "p13" });
  clock.pass(1_000);
  assert.equal(http.last().query.since, "p13");
  assert.deepEqual([offsets, client.getTransport()], [[11, 12, 13], "poll"]);
});

test("Polls that are answered at once come once a second, and those that had to wait follow without a pause.", async () => {
  const { clock, http } = await onPoll();
  const count = http.requests.length;
  clock.pass(999);
  assert.equal(http.requests.length, count);
  clock.pass(1);
  assert.equal(http.requests.length, count + 1);
  clock.pass(12_000);
  await http.last().answer({ messages: [], cursor: "p10" });
  clock.pass(0);
  assert.equal(http.requests.length, count + 2);
});

test("A poll without an answer is lost; the next continues from the cursor.", async () => {
  const all = await onPoll();
  all.clock.pass(1_000);
  all.clock.pass(35_000);
  nextTry(all);
  assert.deepEqual(all.http.last().query, { topics: TOPIC, wait: "0", since: "p10" });
});

test("A stream that ends after a while is opened again from its cursor, without a word.", async () => {
  const { clock, http, statuses, offsets, snapshots } = await onStream();
  await http.last().event(publication(11), "c11");
  clock.pass(6_000);
  const before = statuses.length;
  await http.last().end();
  assert.equal(http.last().headers["Last-Event-ID"], "c11");
  await http.last().open();
  await http.last().event(publication(12), "c12");
  assert.deepEqual([offsets, snapshots], [[11, 12], [10]]);
  assert.deepEqual(
    statuses.slice(before).map(({ status }) => status),
    ["connected"],
  );
});

test("An event without data moves the cursor and shows that the server lives; silence loses the stream.", async () => {
  const all = await onStream();
  const { clock, http, statuses } = all;
  for (let beat = 0; beat < 2; beat += 1) {
    clock.pass(20_000);
    await http.last().write(`id: b${beat}\n\n`);
  }
  assert.equal(statuses.at(-1).status, "connected");
  clock.pass(40_000);
  nextTry(all);
  assert.equal(http.last().headers["Last-Event-ID"], "b1");
});

test("Following other topics opens the stream again from the cursor, once for all of them.", async () => {
  const { client, clock, http, statuses } = await onStream();
  const count = http.requests.length;
  client.subscribe("jobs:7");
  client.subscribe("inventory");
  clock.pass(20);
  assert.equal(http.requests.length, count + 1);
  assert.equal(http.requests[count - 1].aborted, true);
  assert.equal(http.last().query.topics, "notifications,jobs:7,inventory");
  assert.equal(http.last().headers["Last-Event-ID"], "c10");
  client.unsubscribe(["jobs:7", "inventory"]);
  clock.pass(20);
  assert.equal(http.last().query.topics, TOPIC);
  assert.equal(http.last().headers["Last-Event-ID"], undefined);
  assert.equal(statuses.at(-1).status, "connected");
});

test("Who follows nothing any more asks for nothing; who follows something again does.", async () => {
  const { client, clock, http } = await onStream();
  client.unsubscribe(TOPIC);
  clock.pass(20);
  assert.equal(http.last().aborted, true);
  const count = http.requests.length;
  client.subscribe(TOPIC);
  clock.pass(20);
  assert.equal(http.requests.length, count + 1);
});

test("A 401 means signed out, on the stream as on the poll: neither time nor a wake-up tries again.", async () => {
  for (const begin of [onStream, onPoll]) {
    const all = await begin();
    all.clock.pass(6_000);
    if (all.client.getTransport() === "sse") await all.http.last().end();
    const count = all.http.requests.length;
    await all.http.last().answer({}, { status: 401 });
    const { code, reason, final, status } = all.statuses.at(-1);
    assert.deepEqual([status, code, reason, final], ["failed", 1008, "Unauthorized", true]);
    all.clock.pass(600_000);
    all.client.wake();
    assert.equal(all.http.requests.length, count);
  }
});

test("A disconnect says whether and when to come back, as over WebSocket.", async () => {
  const ended = await onStream();
  await ended.http.last().event({ type: "disconnect", code: 1008, reason: "Session ended", reconnect: false }, "c10");
  assert.deepEqual([ended.statuses.at(-1).status, ended.statuses.at(-1).reason], ["failed", "Session ended"]);
  const draining = await onStream();
  const notice = { type: "disconnect", code: 1012, reason: "", reconnect: true, retry_after_ms: 4_000 };
  await draining.http.last().event(notice, "c10");
  assert.ok(draining.statuses.at(-1).delay >= 4_000);
  nextTry(draining);
  assert.equal(draining.http.last().headers["Last-Event-ID"], "c10");
});

test("A busy server is asked again no sooner than it says.", async () => {
  const all = await onStream();
  all.clock.pass(6_000);
  await all.http.last().end();
  await all.http.last().answer({}, { status: 503, headers: { "Retry-After": "7" } });
  assert.ok(all.statuses.at(-1).delay >= 7_000);
  assert.equal(all.statuses.at(-1).reason, "HTTP 503");
});

test("A refusal's reason is what the server says of it.", async () => {
  const all = await onStream();
  all.clock.pass(6_000);
  await all.http.last().end();
  await all.http.last().answer({ detail: "topics: there is no topic 'nope'." }, { status: 400 });
  assert.equal(all.statuses.at(-1).reason, "HTTP 400: topics: there is no topic 'nope'.");
});

test("A reset over a stream is followed by its snapshot, from which a WebSocket continues.", async () => {
  const all = await onStream();
  const { http, last, snapshots } = all;
  await http.last().event({ type: "reset", topic: TOPIC, reason: "epoch_changed" }, "c10");
  await http.last().event(snapshot(3, "e2"), "d3");
  await keepAlive(all, RETURN);
  last().greet("c-3", 3);
  assert.deepEqual(last().asked()[0].since, { [TOPIC]: { offset: 3, epoch: "e2" } });
  assert.deepEqual(snapshots, [10, 3]);
});

test("Disconnecting ends the stream and stays away.", async () => {
  const { client, clock, http, sockets, statuses } = await onStream();
  client.disconnect();
  assert.equal(http.last().aborted, true);
  await settled();
  clock.pass(600_000);
  assert.equal(statuses.at(-1).status, "disconnected");
  assert.deepEqual([http.requests.length, sockets.length], [1, 2]);
});
