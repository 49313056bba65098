import assert from "node:assert/strict";
import { test } from "node:test";
import { block, keepAlive, nextTry, onStream, RETURN, start, TOPIC } from "./blocked.js";
import { publication, settled, snapshot } from "./fake-http.js";

test("After two handshakes that failed, what comes comes over server-sent events, and says so.", async () => {
  const all = await onStream();
  const { client, http, sockets, statuses, logged, offsets, snapshots } = all;
  assert.equal(sockets.length, 2);
  assert.equal(http.last().path, "/api/v1/stream");
  assert.equal(http.last().query.topics, TOPIC);
  assert.equal(http.last().headers["Last-Event-ID"], undefined);
  assert.deepEqual(statuses.at(-1), { status: "connected", client_id: null, transport: "sse" });
  assert.deepEqual([client.getTransport(), client.isConnected(), client.getClientId()], ["sse", true, null]);
  assert.equal(client.send({ type: "ping" }), false);
  assert.ok(logged.includes("Connected over server-sent events"));
  await http.last().event(publication(11), "c11");
  await http.last().event(publication(11), "c11");
  assert.deepEqual([snapshots, offsets, client.getOffset(TOPIC)], [[10], [11], 11]);
});

test("There is no transport before a connection is open.", () => {
  const { client, last } = start();
  assert.equal(client.getTransport(), null);
  client.connect();
  assert.equal(client.getTransport(), null);
  last().greet();
  assert.equal(client.getTransport(), "websocket");
});

test("A server that speaks over WebSocket is not behind a proxy that blocks it.", () => {
  const all = start();
  all.client.connect();
  for (let round = 0; round < 3; round += 1) {
    all.last().say({ type: "disconnect", code: 1013, reason: "", reconnect: true, retry_after_ms: 1_000 });
    all.last().end(1013);
    nextTry(all);
  }
  assert.equal(all.sockets.length, 4);
  assert.equal(all.http.requests.length, 0);
});

test("A page that had a WebSocket looks elsewhere after five failed handshakes, and back again soon.", async () => {
  const all = start();
  all.client.connect();
  all.last().greet("c", 10);
  all.last().confirm({ [TOPIC]: { offset: 10, epoch: "e1" } });
  all.last().end();
  for (let round = 0; round < 5; round += 1) {
    nextTry(all);
    assert.equal(all.http.requests.length, 0);
    all.last().end();
  }
  nextTry(all);
  await all.http.last().begin(14);
  assert.equal(all.client.getTransport(), "sse");
  const before = all.sockets.length;
  all.clock.pass(5_000);
  assert.equal(all.sockets.length, before + 1);
});

test("A page that follows nothing stays with WebSocket, until it follows something.", async () => {
  const all = start();
  all.client.unsubscribe(TOPIC);
  block(all);
  all.last().end();
  assert.equal(all.sockets.length, 3);
  assert.equal(all.http.requests.length, 0);
  all.client.subscribe(TOPIC);
  nextTry(all);
  await settled();
  assert.equal(all.http.last().path, "/api/v1/stream");
});

test("A stream that brings no first event in time is given up for polling.", async () => {
  const all = start();
  block(all);
  const stream = all.http.last();
  await stream.open();
  all.clock.pass(10_000);
  assert.equal(stream.aborted, true);
  nextTry(all);
  await all.http.last().answer({ messages: [snapshot(10)], cursor: "p10" });
  assert.equal(all.http.last().path, "/api/v1/changes");
  assert.deepEqual(all.statuses.at(-1), { status: "connected", client_id: null, transport: "poll" });
});

test("A page in the stream's place is no stream.", async () => {
  const all = start();
  block(all);
  await all.http.last().open("text/html");
  nextTry(all);
  assert.equal(all.http.last().path, "/api/v1/changes");
});

test("Where all three fail they are tried in turn, and ten tries end in failed; a wake-up tries again.", async () => {
  const all = start();
  const tried = [];
  all.client.onConnectionStatus((status, { transport }) => status === "connecting" && tried.push(transport));
  all.client.connect();
  for (let round = 0; round < 11; round += 1) {
    if (tried.at(-1) === "websocket") all.last().end();
    else await all.http.last().fail();
    if (round < 10) nextTry(all);
  }
  assert.deepEqual(tried.slice(0, 6), ["websocket", "websocket", "sse", "poll", "websocket", "websocket"]);
  assert.equal(tried.length, 11);
  assert.equal(all.statuses.at(-1).status, "failed");
  all.client.wake();
  assert.equal(all.statuses.at(-1).status, "connecting");
});

test("A WebSocket that gets through again takes over: nothing is lost, doubled or reported as a trouble.", async () => {
  const all = await onStream();
  const { client, http, sockets, statuses, offsets, last } = all;
  const [stream, before] = [http.last(), statuses.length];
  await keepAlive(all, RETURN);
  assert.equal(sockets.length, 3);
  await stream.event(publication(11), "c11");
  last().greet("c-3", 12);
  assert.deepEqual(last().asked()[0].since, { [TOPIC]: { offset: 11, epoch: "e1" } });
  last().say(publication(12));
  await stream.event(publication(12), "c12");
  assert.equal(client.getTransport(), "sse");
  last().confirm();
  assert.equal(stream.aborted, true);
  last().say(publication(13));
  assert.deepEqual(offsets, [11, 12, 13]);
  assert.deepEqual(statuses.slice(before), [{ status: "connected", client_id: "c-3", transport: "websocket" }]);
});

test("A broadcast without an offset that comes over both is handed on once.", async () => {
  const all = await onStream();
  const { client, http, last } = all;
  const got = [];
  client.on("weather", ({ value }) => got.push(value));
  await keepAlive(all, RETURN);
  last().greet("c-3", 10);
  await http.last().event({ type: "weather", value: 1 }, "c10");
  last().say({ type: "weather", value: 1 });
  assert.deepEqual(got, [1]);
});

test("WebSocket is tried again less and less often, and at once on Retry and on a wake-up.", async () => {
  const all = await onStream();
  const { client, sockets, statuses, last } = all;
  const before = statuses.length;
  for (const delay of [RETURN, 2 * RETURN, 4 * RETURN]) {
    const count = sockets.length;
    await keepAlive(all, delay - 1);
    assert.equal(sockets.length, count);
    await keepAlive(all, 1);
    assert.equal(sockets.length, count + 1);
    last().end();
  }
  for (const again of [() => client.connect(), () => client.wake()]) {
    const count = sockets.length;
    again();
    again();
    assert.equal(sockets.length, count + 1);
    last().end();
  }
  assert.equal(client.getTransport(), "sse");
  assert.equal(statuses.length, before);
});

test("A stream that is cut every minute does not put off the next try for a WebSocket.", async () => {
  const { clock, http, sockets } = await onStream();
  for (let minute = 0; minute < 5; minute += 1) {
    clock.pass(30_000);
    await http.last().write("id: c10\n\n");
    if (sockets.length > 2) return;
    await http.last().end();
    await http.last().begin(10);
  }
  assert.fail("WebSocket was not tried again.");
});
