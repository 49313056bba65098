import assert from "node:assert/strict";
import { test } from "node:test";
import { start, TOPIC } from "./blocked.js";
import { publication, settled, snapshot } from "./fake-http.js";

/** Numbers that are the same for the same seed. @param {number} seed */
function chance(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A server of one topic, behind a proxy that now and then blocks or cuts something. */
class World {
  constructor(seed) {
    this.chance = chance(seed);
    this.head = 10;
    this.blocked = new Set();
    this.live = new Set();
    this.served = new Set();
    this.all = start({ random: this.chance });
    /** The offset up to which the application has seen everything; null before its first state. */
    this.seen = null;
    this.used = new Set();
    /** @type {string[]} What was handed on twice or too early. A listener that throws would only be logged. */
    this.wrong = [];
    this.all.client.on("initial_state", ({ positions }) => {
      this.seen ??= positions[TOPIC].offset;
    });
    this.all.client.on("snapshot", ({ positions }) => {
      if (positions[TOPIC].offset < this.seen) this.wrong.push(`snapshot ${positions[TOPIC].offset} at ${this.seen}`);
      this.seen = positions[TOPIC].offset;
    });
    this.all.client.on("notification", ({ offset }) => {
      if (offset !== this.seen + 1) this.wrong.push(`${offset} at ${this.seen}`);
      this.seen = offset;
    });
    this.all.client.onConnectionStatus((status, { transport }) => status === "connected" && this.used.add(transport));
  }

  since(offset) {
    return Array.from({ length: this.head - offset }, (_, index) => publication(offset + 1 + index));
  }

  /** Answer whatever has come to the server since the last time. */
  async serve() {
    for (const socket of this.all.sockets.filter((one) => !one.closedWith && one.readyState < 3)) {
      if (!this.served.has(socket)) this.greet(socket);
      else if (socket.begun !== undefined) this.confirm(socket);
    }
    for (const request of this.all.http.requests.filter((one) => !this.served.has(one) && !one.aborted)) {
      this.served.add(request);
      if (this.blocked.has(request.path)) await request.fail();
      else if (request.path === "/api/v1/stream") await this.stream(request);
      else this.live.add(request);
    }
    for (const request of this.live) if (request.path === "/api/v1/changes") await this.poll(request);
    await settled();
  }

  greet(socket) {
    this.served.add(socket);
    if (this.blocked.has("/ws")) return socket.end();
    socket.begun = this.head;
    socket.greet(`client-${this.all.sockets.length}`, this.head);
  }

  confirm(socket) {
    const asked = socket.asked().at(-1);
    if (!asked) return;
    for (const message of this.since(asked.since?.[TOPIC].offset ?? socket.begun)) socket.say(message);
    socket.begun = undefined;
    socket.confirm({ [TOPIC]: { offset: this.head, epoch: "e1" } });
    this.live.add(socket);
  }

  async stream(request) {
    await request.open();
    const cursor = request.headers["Last-Event-ID"];
    if (cursor) for (const message of this.since(Number(cursor))) await request.event(message, message.offset);
    else await request.event(snapshot(this.head), this.head);
    await request.event({ type: "subscription", status: "subscribed", topics: [TOPIC], positions: {} }, this.head);
    this.live.add(request);
  }

  async poll(request) {
    const { since, wait } = request.query;
    if (request.aborted) return this.live.delete(request);
    if (since && Number(since) === this.head && wait !== "0") return;
    this.live.delete(request);
    await request.answer({
      messages: since ? this.since(Number(since)) : [snapshot(this.head)],
      cursor: `${this.head}`,
    });
  }

  async publish() {
    this.head += 1;
    for (const one of this.live) {
      if (one.closedWith || one.aborted) this.live.delete(one);
      else if (one.sent) one.say(publication(this.head));
      else if (one.path === "/api/v1/stream") await one.event(publication(this.head), this.head);
    }
  }

  /** Cut what is open, so that what is on its way is lost. */
  async cut() {
    for (const one of [...this.live]) {
      this.live.delete(one);
      if (one.sent) one.end();
      else if (!one.aborted && one.path === "/api/v1/stream") await one.end();
      else if (!one.aborted) await one.fail();
    }
  }

  async step() {
    const dice = this.chance();
    const path = ["/ws", "/ws", "/api/v1/stream", "/api/v1/changes"][Math.floor(this.chance() * 4)];
    if (dice < 0.45) await this.publish();
    else if (dice < 0.53) await this.cut();
    else if (dice < 0.6) this.blocked.add(path);
    else if (dice < 0.66) this.blocked.delete(path);
    else if (dice < 0.7) this.all.client.wake();
    else this.all.clock.pass(this.chance() * 4_000);
    if (this.chance() < 0.7) await this.serve();
  }
}

test("Whatever is blocked and cut, each publication is handed on once and in order, over all three.", async () => {
  const used = new Set();
  for (let seed = 1; seed <= 30; seed += 1) {
    const world = new World(seed);
    world.all.client.connect();
    for (let step = 0; step < 150; step += 1) await world.step();
    world.blocked.clear();
    for (let round = 0; world.seen !== world.head || !world.all.client.isConnected(); round += 1) {
      assert.ok(round < 40, `Seed ${seed}: ${world.seen} of ${world.head} over ${world.all.client.getTransport()}.`);
      world.all.client.wake();
      await world.serve();
      world.all.clock.pass(2_000);
    }
    assert.deepEqual([seed, world.wrong], [seed, []]);
    for (const transport of world.used) used.add(transport);
  }
  assert.deepEqual([...used].sort(), ["poll", "sse", "websocket"]);
});
