import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocketClient } from "../../static/websocket.js";
import { clientOnFakes } from "./fakes.js";

const soon = () => new Promise((resolve) => setImmediate(resolve));
const at = (time) => new Date(time).toISOString();

/** A client whose provider gives `t1`, `t2`, …, with its socket open. */
async function opened(changes = {}) {
  let given = 0;
  const auth = async () => ({ ticket: `t${++given}` });
  const all = clientOnFakes(WebSocketClient, { auth, ...changes });
  all.client.subscribe(["notifications"]);
  all.client.connect();
  await open(all.last());
  return all;
}

async function open(socket) {
  socket.readyState = 1;
  socket.onopen();
  await soon();
}

test("With a provider its credential is the first message, and is refreshed in band before it ends.", async () => {
  const { clock, sockets, last } = await opened();
  assert.deepEqual(last().sent, [{ type: "auth", ticket: "t1" }]);
  last().say({ type: "auth", status: "ok", expires_at: at(clock.now() + 100_000) });
  last().greet();
  const auths = () => last().sent.filter(({ type }) => type === "auth");
  for (let round = 0; round < 10; round += 1) {
    clock.pass(7_900);
    last().say({ type: "pong" });
  }
  await soon();
  assert.equal(auths().length, 1);
  clock.pass(2_000);
  await soon();
  assert.deepEqual(auths().at(-1), { type: "auth", ticket: "t2" });
  assert.equal(sockets.length, 1);
});

test("A refresh that does not move the end is not repeated.", async () => {
  const { clock, last } = await opened();
  const end = at(clock.now() + 20_000);
  for (let round = 0; round < 3; round += 1) {
    last().say({ type: "auth", status: "ok", expires_at: end });
    if (round === 0) last().greet();
    clock.pass(5_000);
    await soon();
  }
  clock.pass(4_900);
  await soon();
  assert.ok(last().sent.filter(({ type }) => type === "auth").length <= 2);
});

test("Each connection gets a credential of its own; after Session ended another is asked for, once.", async () => {
  const { clock, sockets, statuses, last } = await opened();
  const end = { type: "disconnect", code: 1008, reason: "Session ended", reconnect: false };
  last().greet();
  clock.pass(6_000);
  last().say(end);
  last().end(1008, "Session ended");
  assert.equal(sockets.length, 2);
  await open(last());
  assert.deepEqual(last().sent, [{ type: "auth", ticket: "t2" }]);
  last().say({ ...end, reason: "Unauthorized" });
  last().end(1008, "Unauthorized");
  clock.pass(120_000);
  assert.equal(sockets.length, 2);
  assert.deepEqual([statuses.at(-1).status, statuses.at(-1).final], ["failed", true]);
});

test("A provider that fails is asked again with the next try.", async () => {
  let calls = 0;
  const auth = async () => {
    calls += 1;
    throw new Error("no ticket today");
  };
  const { clock, statuses, last } = await opened({ auth });
  assert.equal(statuses.at(-1).status, "reconnecting");
  assert.match(statuses.at(-1).reason, /no ticket today/);
  clock.pass(2_000);
  await open(last());
  assert.equal(calls, 2);
});

test("Without a provider, a page that is not greeted asks why, and stops where nobody is logged in.", async () => {
  const { clock, sockets, statuses, last } = await opened({ auth: undefined });
  assert.deepEqual(last().sent, []);
  clock.pass(1_000);
  assert.deepEqual(last().sent, [{ type: "ping" }]);
  last().say({ type: "error", code: "unauthorized", message: "Log in first." });
  assert.deepEqual([statuses.at(-1).status, statuses.at(-1).reason], ["failed", "Unauthorized"]);
  clock.pass(120_000);
  assert.equal(sockets.length, 1);
});

test("A topic that is taken away is told, logged, and not asked for again.", async () => {
  const { client, clock, logged, last } = await opened({ auth: undefined });
  const got = [];
  client.on("subscription", (message) => got.push(message.status));
  last().greet();
  last().confirm({ notifications: { offset: 10, epoch: "e1" } });
  const denied = [{ topic: "notifications", code: "forbidden" }];
  last().say({ type: "subscription", status: "unsubscribed", topics: ["notifications"], denied });
  assert.deepEqual(got, ["subscribed", "unsubscribed"]);
  assert.match(logged.at(-1), /no longer follow notifications/);
  assert.equal(client.getOffset("notifications"), null);
  last().end(1012);
  clock.pass(3_000);
  last().greet();
  assert.deepEqual(last().asked(), []);
});
