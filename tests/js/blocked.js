/** A client behind a proxy that blocks WebSocket, and perhaps streams. */

import assert from "node:assert/strict";
import { WebSocketClient } from "../../static/websocket.js";
import { FakeHttp, snapshot } from "./fake-http.js";
import { clientOnFakes } from "./fakes.js";

export const TOPIC = "notifications";

/** A client that follows the topic; `offsets` and `snapshots` are what its listeners were handed. */
export function start(changes = {}) {
  const http = new FakeHttp();
  const all = clientOnFakes(WebSocketClient, { http: http.options, ...changes });
  const offsets = [];
  const snapshots = [];
  all.client.on("notification", ({ offset }) => offsets.push(offset));
  all.client.on("snapshot", ({ positions }) => snapshots.push(positions[TOPIC].offset));
  all.client.subscribe(TOPIC);
  return { ...all, http, offsets, snapshots };
}

/** Wait for the next try. */
export function nextTry({ clock, statuses }) {
  assert.equal(statuses.at(-1).status, "reconnecting");
  clock.pass(statuses.at(-1).delay);
}

/** Let both handshakes fail, as behind a proxy that blocks WebSocket. */
export function block(all) {
  all.client.connect();
  all.last().end();
  nextTry(all);
  all.last().end();
  nextTry(all);
}

export async function onStream(changes) {
  const all = start(changes);
  block(all);
  await all.http.last().begin(10);
  return all;
}

/** When WebSocket is tried again for the first time, at the fakes' chance of one half. */
export const RETURN = 45_000;

/** Let time pass on a stream whose server says every 15 s where it is. */
export async function keepAlive({ clock, http }, milliseconds) {
  const stream = http.last();
  for (let left = milliseconds; left > 0; left -= 15_000) {
    await stream.write(": still here\nid: c10\n\n");
    clock.pass(Math.min(left, 15_000));
  }
}

export async function onPoll(changes) {
  const all = start(changes);
  block(all);
  await all.http.last().answer({}, { status: 502 });
  nextTry(all);
  await all.http.last().answer({ messages: [snapshot(10)], cursor: "p10" });
  return all;
}
