import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocketClient } from "../../static/websocket.js";
import { clientOnFakes } from "./fakes.js";

const start = (changes) => clientOnFakes(WebSocketClient, changes);
/** When a refresh time of 25 minutes is over, at the fakes' chance of one half. */
const REFRESH = 1_425_000;
const names = (statuses) => statuses.map(({ status }) => status);
const publication = (offset, more = {}) => ({ type: "notification", topic: "notifications", offset, ...more });

function connected(changes) {
  const all = start(changes);
  all.client.subscribe(["notifications"]);
  all.client.connect();
  all.last().greet();
  all.last().confirm({ notifications: { offset: 10, epoch: "e1" } });
  return all;
}

test("It offers the subprotocol, says who it is and logs what the troubleshooting guide names.", () => {
  const { client, sockets, logged, statuses } = start();
  assert.equal(client.isConnected(), false);
  client.connect();
  assert.deepEqual(sockets[0].protocols, ["aether.v1.json"]);
  sockets[0].greet("c-1");
  assert.equal(client.isConnected(), true);
  assert.equal(client.getClientId(), "c-1");
  assert.deepEqual(names(statuses), ["connecting", "connected"]);
  assert.equal(logged[0], "Connecting to WebSocket: ws://test/ws");
  assert.equal(logged[1], "WebSocket connected");
  assert.match(logged[2], /^Received initial state: /);
});

test("Subscribing before the socket is open works, and continues from the initial state.", () => {
  const { client, sockets } = start();
  client.subscribe("notifications");
  client.connect();
  assert.deepEqual(sockets[0].sent, []);
  sockets[0].greet();
  const [asked] = sockets[0].asked();
  assert.deepEqual(asked.topics, ["notifications"]);
  assert.equal(asked.since, undefined);
});

test("What comes between the initial state and the answer to subscribe is handed on once.", () => {
  const { client, sockets } = start();
  const got = [];
  client.on("notification", (message) => got.push(message.offset));
  client.subscribe(["notifications"]);
  client.connect();
  sockets[0].greet("c", 10);
  for (const offset of [11, 12, 11]) sockets[0].say(publication(offset));
  sockets[0].confirm({ notifications: { offset: 14, epoch: "e1" } });
  for (const offset of [12, 13, 14]) sockets[0].say(publication(offset));
  assert.deepEqual(got, [11, 12, 13, 14]);
});

test("Who comes back with positions asks for no initial state, and subscribes as soon as it is greeted.", () => {
  const { client, clock, sockets, last } = connected();
  assert.equal(sockets[0].resuming, false);
  last().say(publication(11));
  last().end();
  clock.pass(1_000);
  assert.equal(last().resuming, true);
  last().greet();
  assert.equal(client.isCatchingUp(), true);
  assert.deepEqual(last().asked().at(-1).since, { notifications: { offset: 11, epoch: "e1" } });
  last().confirm({ notifications: { offset: 11, epoch: "e1" } });
  assert.equal(client.isCatchingUp(), false);
});

test("Who follows something new besides takes the initial state.", () => {
  const { client, clock, last } = connected();
  client.subscribe("jobs");
  last().end();
  clock.pass(1_000);
  assert.equal(last().resuming, false);
});

test("What is followed anew after coming back without a state is asked for with its state.", () => {
  const { client, clock, last } = connected();
  last().end();
  clock.pass(1_000);
  last().greet();
  last().confirm({ notifications: { offset: 10, epoch: "e1" } });
  client.subscribe("jobs");
  const asked = last().asked().at(-1);
  assert.deepEqual([asked.topics, asked.snapshot, asked.since], [["jobs"], true, undefined]);
});

test("A first subscribe that comes late tells where the initial state stood.", () => {
  const { client, clock, last } = start();
  client.connect();
  last().greet("c", 10);
  clock.pass(25_000);
  client.subscribe("notifications");
  assert.deepEqual(last().asked().at(-1).since, { notifications: { offset: 10, epoch: "e1" } });
});

test("A batch is handed on message by message.", () => {
  const { client, last } = connected();
  const got = [];
  client.on("notification", (message) => got.push(message.offset));
  last().say({ type: "batch", messages: [publication(11), publication(12), publication(12)] });
  assert.deepEqual(got, [11, 12]);
});

test("Any other type reaches its listeners, until they are taken off.", () => {
  const { client, last } = connected();
  const got = [];
  const listener = (message) => got.push(message.value);
  client.on("weather", listener);
  last().say({ type: "weather", value: 1 });
  client.off("weather", listener);
  last().say({ type: "weather", value: 2 });
  assert.deepEqual(got, [1]);
});

test("What is no message is ignored, and a listener that throws keeps nothing from the others.", (context) => {
  context.mock.method(console, "error", () => {});
  const { client, last } = connected();
  const got = [];
  client.on("notification", () => {
    throw new Error("broken");
  });
  client.on("notification", (message) => got.push(message.offset));
  for (const text of ["no json", "[]", "null", '{"type":7}', '{"type":"batch","messages":[null]}']) last().say(text);
  last().say(publication(11));
  assert.deepEqual(got, [11]);
});

test("The server's ping is answered.", () => {
  const { last } = connected();
  last().say({ type: "ping" });
  assert.deepEqual(last().sent.at(-1), { type: "pong" });
});

test("Without an answer to its ping, it reconnects and sends its positions.", () => {
  const { clock, sockets, statuses, last } = connected();
  last().say(publication(11));
  clock.pass(30_000);
  assert.deepEqual(last().sent.at(-1), { type: "ping" });
  clock.pass(10_000);
  assert.equal(statuses.at(-1).status, "reconnecting");
  clock.pass(2_000);
  assert.equal(sockets.length, 2);
  last().greet("c-2", 15);
  assert.deepEqual(last().asked()[0].since, { notifications: { offset: 11, epoch: "e1" } });
});

test("An answered ping keeps the connection and tells the round trip.", () => {
  const { client, clock, sockets, last } = connected();
  last().say({ type: "pong" });
  for (let round = 0; round < 3; round += 1) {
    clock.pass(29_960);
    clock.pass(round === 0 ? 80 : 40);
    last().say({ type: "pong" });
  }
  assert.equal(sockets.length, 1);
  assert.equal(client.getLatency(), 40);
});

test("Delays grow by half up to 30 s, and chance spreads them (defect 4: no jitter).", () => {
  const delays = (chance) => {
    const { client, clock, statuses, last } = start({ random: () => chance });
    client.connect();
    for (let tries = 0; tries < 10; tries += 1) {
      last().end();
      clock.pass(30_000);
    }
    return statuses.filter(({ status }) => status === "reconnecting").map(({ delay }) => delay);
  };
  assert.deepEqual(delays(1).slice(0, 4), [1_000, 1_500, 2_250, 3_375]);
  assert.equal(delays(1).at(-1), 30_000);
  assert.deepEqual(delays(0).slice(0, 2), [500, 750]);
});

test("It fails after ten tries, but a later wake-up tries again (defect 4: it gave up for good).", () => {
  const { client, clock, sockets, statuses, last } = start();
  client.connect();
  for (let tries = 0; tries < 10; tries += 1) {
    last().end();
    clock.pass(30_000);
  }
  last().end();
  assert.equal(statuses.at(-1).status, "failed");
  const before = sockets.length;
  clock.pass(3_600_000);
  assert.equal(sockets.length, before);
  client.wake();
  assert.equal(sockets.length, before + 1);
  last().greet();
  assert.equal(statuses.at(-1).status, "connected");
});

test("A retry does not wait for the delay, and starts the series again.", () => {
  const { client, sockets, statuses, last } = start();
  client.connect();
  last().end();
  assert.deepEqual([statuses.at(-1).status, statuses.at(-1).attempt], ["reconnecting", 1]);
  client.connect();
  assert.equal(sockets.length, 2);
  last().end();
  assert.equal(statuses.at(-1).attempt, 1);
});

test("A planned refresh shows nothing, loses nothing and doubles nothing (defect 5: it flashed Disconnected).", () => {
  const { client, clock, sockets, statuses } = connected();
  const got = [];
  client.on("notification", (message) => got.push(message.offset));
  client.on("weather", (message) => got.push(message.value));
  const before = statuses.length;
  keepAlive(clock, sockets[0], REFRESH);
  const [old, young] = sockets;
  assert.equal(sockets.length, 2);
  old.say(publication(11));
  young.greet("c-2", 12);
  assert.deepEqual(young.asked()[0].since, { notifications: { offset: 11, epoch: "e1" } });
  old.say(publication(12));
  young.say(publication(12));
  old.say({ type: "weather", value: "once" });
  young.say({ type: "weather", value: "once" });
  young.confirm();
  assert.equal(old.closedWith.code, 1000);
  old.end(1000);
  young.say(publication(13));
  assert.deepEqual(got, [11, 12, "once", 13]);
  assert.equal(statuses.length, before);
  assert.equal(client.getClientId(), "c-2");
});

test("A refresh that fails keeps the old connection and is tried again.", () => {
  const { clock, sockets, statuses } = connected();
  const before = statuses.length;
  keepAlive(clock, sockets[0], REFRESH);
  sockets[1].end(1006);
  keepAlive(clock, sockets[0], 60_000);
  assert.equal(sockets.length, 3);
  assert.equal(statuses.length, before);
});

test("Close 1000 and 4100 reconnect at once, without a word, with positions.", () => {
  for (const code of [1000, 4100]) {
    const { clock, sockets, statuses, last } = connected();
    clock.pass(6_000);
    const before = statuses.length;
    last().end(code);
    assert.equal(sockets.length, 2);
    last().greet("c-2", 20);
    assert.deepEqual(names(statuses.slice(before)), ["connected"]);
    assert.deepEqual(last().asked()[0].since, { notifications: { offset: 10, epoch: "e1" } });
  }
});

test("A server that closes with 1000 at once is not asked in a circle.", () => {
  const { sockets, statuses, last } = connected();
  last().end(1000);
  assert.equal(sockets.length, 1);
  assert.equal(statuses.at(-1).status, "reconnecting");
});

test("Close 1008 stops: neither time nor a wake-up brings it back, but being asked does.", () => {
  const { client, clock, sockets, statuses, last } = connected();
  last().say({ type: "disconnect", code: 1008, reason: "Session ended", reconnect: false });
  last().end(1006);
  assert.deepEqual(names(statuses.slice(-2)), ["disconnected", "failed"]);
  assert.equal(statuses.at(-1).reason, "Session ended");
  clock.pass(600_000);
  client.wake();
  assert.equal(sockets.length, 1);
  client.connect();
  assert.equal(sockets.length, 2);
});

test("Close 1012 and 1013 wait as long as the server asked, at least.", () => {
  for (const code of [1012, 1013]) {
    const { clock, sockets, last } = connected();
    last().say({ type: "disconnect", code, reason: "", reconnect: true, retry_after_ms: 4_000 });
    last().end(code);
    clock.pass(3_999);
    assert.equal(sockets.length, 1);
    clock.pass(1_000);
    assert.equal(sockets.length, 2);
  }
});

test("Close 1009 and 1011 reconnect with backoff.", () => {
  for (const code of [1009, 1011]) {
    const { sockets, statuses, last } = connected();
    last().end(code);
    assert.equal(sockets.length, 1);
    assert.equal(statuses.at(-1).status, "reconnecting");
  }
});

test("A reset forgets the position, and the snapshot that follows brings a new one.", () => {
  const { clock, last } = connected();
  last().say({ type: "reset", topic: "notifications", reason: "epoch_changed" });
  last().say({
    type: "snapshot",
    topic: "notifications",
    data: {},
    positions: { notifications: { offset: 3, epoch: "e2" } },
  });
  last().say(publication(4));
  last().end(1006);
  clock.pass(2_000);
  last().greet("c-2", 9);
  assert.deepEqual(last().asked()[0].since, { notifications: { offset: 4, epoch: "e2" } });
});

test("Disconnecting closes and stays away; subscribing and unsubscribing are remembered.", () => {
  const { client, clock, sockets, statuses, last } = connected();
  client.disconnect();
  assert.equal(statuses.at(-1).status, "disconnected");
  assert.equal(last().closedWith.code, 1000);
  clock.pass(600_000);
  client.wake();
  assert.equal(sockets.length, 1);
  client.subscribe(["jobs:7"]);
  client.unsubscribe(["notifications"]);
  client.connect();
  last().greet();
  assert.deepEqual(last().asked()[0].topics, ["jobs:7"]);
});

test("A subscribe that failed for the moment is asked again; a denied topic is not.", () => {
  const { client, clock, last } = connected();
  client.subscribe(["inventory"]);
  const { id } = last().asked().at(-1);
  last().say({ type: "error", code: "unavailable", message: "", temporary: true, id });
  clock.pass(2_000);
  assert.deepEqual(last().asked().at(-1).topics, ["inventory"]);
  last().say({
    type: "subscription",
    status: "subscribed",
    topics: [],
    denied: [{ topic: "inventory", code: "forbidden" }],
    id: last().asked().at(-1).id,
  });
  last().end(1006);
  clock.pass(2_000);
  last().greet();
  assert.deepEqual(last().asked()[0].topics, ["notifications"]);
});

test("send says whether the message went out.", () => {
  const { client } = start();
  assert.equal(client.send({ type: "ping" }), false);
  const { client: open, last } = connected();
  assert.equal(open.send({ type: "hello" }), true);
  assert.deepEqual(last().sent.at(-1), { type: "hello" });
});

test("Who asks for the status later is told the present one at once.", () => {
  const { client } = connected();
  const heard = [];
  const stop = client.onConnectionStatus((status) => heard.push(status));
  stop();
  client.disconnect();
  assert.deepEqual(heard, ["connected"]);
});

/** Let time pass on a connection whose server answers pings. */
function keepAlive(clock, socket, milliseconds) {
  for (let passed = 0; passed < milliseconds; passed += 5_000) {
    clock.pass(5_000);
    socket.say({ type: "pong" });
  }
}
