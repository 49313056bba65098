/** A browser whose tabs share locks and channels, and a server of one topic that all of them may reach. */

import { WebSocketClient } from "../../static/websocket.js";
import { clientOnFakes, FakeClock } from "./fakes.js";

export const TOPIC = "notifications";
const EPOCH = "e1";

/** What is put into it happens later, in its order, as messages between tabs and granted locks do. */
class Queue {
  constructor() {
    this.waiting = [];
  }

  async run() {
    for (let quiet = 0; quiet < 2; ) {
      const next = this.waiting.shift();
      next?.();
      await new Promise((resolve) => setImmediate(resolve));
      quiet = next ? 0 : quiet + 1;
    }
  }
}

/** The Web Locks of one origin; `of` gives those that a tab sees. */
class Locks {
  constructor(queue) {
    this.queue = queue;
    this.held = new Map();
    this.requests = [];
  }

  of(tab) {
    return { request: (name, how, work) => this.request(tab, name, ...(work ? [how, work] : [{}, how])) };
  }

  request(tab, name, { signal, steal = false }, work) {
    return new Promise((resolve, reject) => {
      const request = { tab, name, work, resolve, reject };
      const abort = () => {
        if (!this.requests.includes(request)) return;
        this.requests.splice(this.requests.indexOf(request), 1);
        reject(new Error("AbortError"));
      };
      signal?.addEventListener("abort", abort);
      request.granted = () => signal?.removeEventListener("abort", abort);
      if (steal) {
        this.held.get(name)?.reject(new Error("AbortError"));
        this.held.delete(name);
        this.requests.unshift(request);
      } else this.requests.push(request);
      this.grant();
    });
  }

  grant() {
    this.queue.waiting.push(() => {
      for (const request of [...this.requests]) {
        if (this.held.has(request.name)) continue;
        this.requests.splice(this.requests.indexOf(request), 1);
        this.held.set(request.name, request);
        request.granted();
        Promise.resolve(request.work({})).then((value) => {
          if (this.held.get(request.name) === request) this.held.delete(request.name);
          request.resolve(value);
          this.grant();
        });
      }
    });
  }

  /** A tab has ended, however. */
  free(tab) {
    this.requests = this.requests.filter((request) => request.tab !== tab);
    for (const [name, request] of this.held) if (request.tab === tab) this.held.delete(name);
    this.grant();
  }
}

export class FakeBrowser {
  constructor({ chance = () => 0.5 } = {}) {
    this.chance = chance;
    this.queue = new Queue();
    this.locks = new Locks(this.queue);
    this.channels = [];
    this.clock = new FakeClock();
    this.tabs = [];
    this.opened = 0;
    this.head = 10;
    /** Whether the server takes connections. */
    this.up = true;
  }

  /** Open a tab that follows *topics*. */
  open({ topics = [TOPIC], name = "ws://test/ws ada", tabs = true } = {}) {
    this.opened += 1;
    const id = `tab-${this.opened}`;
    const browser = this;
    class Channel {
      constructor(channel) {
        Object.assign(this, { channel, tab: id, onmessage: null, missed: {} });
        browser.channels.push(this);
      }

      postMessage(data) {
        const copy = structuredClone(data);
        if (this.frozen) return;
        for (const other of browser.channels)
          if (other !== this && other.channel === this.channel)
            browser.queue.waiting.push(() => (other.frozen ? other.missed : other).onmessage?.({ data: copy }));
      }

      close() {
        browser.channels = browser.channels.filter((one) => one !== this);
      }
    }
    const locks = this.locks.of(id);
    const tab = clientOnFakes(WebSocketClient, {
      random: this.chance,
      clock: this.clock,
      ...(tabs && { tabs: { name, id, locks, Channel } }),
    });
    Object.assign(tab, { id, got: [], wrong: [], seen: null, states: 0 });
    tab.client.on("initial_state", ({ positions }) => this.replace(tab, positions));
    tab.client.on("snapshot", ({ positions }) => this.replace(tab, positions));
    tab.client.on("notification", ({ offset }) => {
      if (offset !== tab.seen + 1) tab.wrong.push(`${offset} at ${tab.seen}`);
      tab.seen = offset;
      tab.got.push(offset);
    });
    tab.client.subscribe(topics);
    tab.client.connect();
    this.tabs.push(tab);
    return tab;
  }

  replace(tab, positions) {
    const offset = positions?.[TOPIC]?.offset;
    if (offset === undefined) return;
    tab.states += 1;
    if (offset < tab.seen) tab.wrong.push(`state ${offset} at ${tab.seen}`);
    tab.seen = offset;
  }

  /** The sockets that are open, with their tabs. */
  get open_() {
    return this.tabs.flatMap((tab) =>
      tab.sockets.filter((one) => one.readyState < 3).map((socket) => ({ tab, socket })),
    );
  }

  /** How many connections the server has. */
  get connections() {
    return this.open_.length;
  }

  /** Those tabs that have a connection of their own. */
  get connected() {
    return this.open_.map(({ tab }) => tab);
  }

  /** Let the server and the tabs do what there is to do. */
  async settle() {
    for (let round = 0; round < 6; round += 1) {
      await this.queue.run();
      for (const { socket } of this.open_) this.serve(socket);
    }
  }

  serve(socket) {
    if (!this.up) return socket.end();
    if (!socket.greeted) {
      socket.greeted = true;
      socket.start = this.head;
      socket.on = new Set();
      socket.answered = 0;
      socket.greet(`client-${socket.url}-${Math.round(this.chance() * 1e9)}`, this.head);
    }
    for (; socket.answered < socket.sent.length; socket.answered += 1)
      this.answer(socket, socket.sent[socket.answered]);
  }

  answer(socket, { type, topics, id, since, snapshot }) {
    if (type === "ping") return socket.say({ type: "pong" });
    if (type === "unsubscribe") for (const name of topics) socket.on.delete(name);
    if (type !== "subscribe") return;
    for (const name of topics) this.bring(socket, name, since?.[name], snapshot);
    const positions = topics.includes(TOPIC) ? { [TOPIC]: { offset: this.head, epoch: EPOCH } } : {};
    socket.say({ type: "subscription", status: "subscribed", topics, positions, id, denied: [] });
  }

  /** As the server does: what is followed already is not replayed. */
  bring(socket, name, since, snapshot) {
    const was = socket.on.has(name);
    socket.on.add(name);
    if (name !== TOPIC) return;
    const positions = { [TOPIC]: { offset: this.head, epoch: EPOCH } };
    if (snapshot) return socket.say({ type: "snapshot", topic: TOPIC, data: {}, positions });
    const from = since?.offset ?? (socket.resuming ? this.head : socket.start);
    for (let offset = from + 1; !was && offset <= this.head; offset += 1) socket.say(publication(offset));
  }

  publish() {
    this.head += 1;
    for (const { socket } of this.open_) if (socket.on?.has(TOPIC)) socket.say(publication(this.head));
  }

  /** Let time pass in steps, in each of which everybody does what there is to do. */
  async pass(milliseconds, step = 500) {
    for (let left = milliseconds; left > 0; left -= step) {
      this.clock.pass(Math.min(step, left));
      await this.settle();
    }
  }

  /** A tab is closed by its person. */
  close(tab) {
    tab.client.client.sharing?.stop();
    this.crash(tab);
  }

  /** A tab ends without a word. */
  crash(tab) {
    this.tabs = this.tabs.filter((one) => one !== tab);
    for (const socket of tab.sockets) Object.assign(socket, { readyState: 3, onclose: null, onmessage: null });
    this.channels = this.channels.filter((one) => one.tab !== tab.id);
    tab.client.client.options.clock = { now: () => 0, after: () => 0, cancel: () => {} };
    this.locks.free(tab.id);
  }
}

export function publication(offset) {
  return { type: "notification", action: "created", topic: TOPIC, offset, data: {} };
}
