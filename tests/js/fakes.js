/** A clock that stands still until it is told to go, and a WebSocket whose other end is the test. */

export class FakeClock {
  constructor() {
    this.time = 1_000_000;
    this.timers = new Map();
    this.lastTimer = 0;
  }

  now() {
    return this.time;
  }

  after(work, delay) {
    this.lastTimer += 1;
    this.timers.set(this.lastTimer, { work, at: this.time + delay });
    return this.lastTimer;
  }

  cancel(timer) {
    this.timers.delete(timer);
  }

  /** Let time pass, running what becomes due, in its order. */
  pass(milliseconds) {
    const end = this.time + milliseconds;
    for (let next = this.next(end); next; next = this.next(end)) {
      this.timers.delete(next.id);
      this.time = next.at;
      next.work();
    }
    this.time = end;
  }

  next(end) {
    const due = [...this.timers].filter(([, timer]) => timer.at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
    return due && { id: due[0], ...due[1] };
  }
}

/** Make a WebSocket class that remembers its sockets. */
export function fakeSockets() {
  const sockets = [];
  class FakeSocket {
    constructor(url, protocols) {
      Object.assign(this, { url, protocols, readyState: 0, sent: [], closedWith: null });
      sockets.push(this);
    }

    send(text) {
      this.sent.push(JSON.parse(text));
    }

    close(code, reason) {
      this.readyState = 3;
      this.closedWith = { code, reason };
    }

    /** The server says something. */
    say(message) {
      this.readyState = 1;
      this.onmessage?.({ data: typeof message === "string" ? message : JSON.stringify(message) });
    }

    /** Whether the client asked for no initial state. */
    get resuming() {
      return this.url.endsWith("?state=none");
    }

    /** The server's greeting, with its position on the topic unless the client comes back with its own. */
    greet(clientId = `client-${sockets.length}`, offset = 10, data = { notifications: [], unread_count: 0 }) {
      const hello = { type: "connection", status: "connected", client_id: clientId };
      if (this.resuming) return this.say({ ...hello, initial_state: false });
      this.say(hello);
      this.say({ type: "initial_state", data, positions: { notifications: { offset, epoch: "e1" } } });
    }

    /** The server's answer to the last subscribe. */
    confirm(positions = {}) {
      const { id, topics } = this.asked().at(-1);
      this.say({ type: "subscription", status: "subscribed", topics, positions, id });
    }

    asked() {
      return this.sent.filter((message) => message.type === "subscribe");
    }

    /** The connection ends from the other side. */
    end(code = 1006, reason = "") {
      this.readyState = 3;
      this.onclose?.({ code, reason });
    }
  }
  return { FakeSocket, sockets };
}

/** A client on fakes: `last()` is its newest socket, `statuses` what it told. */
export function clientOnFakes(WebSocketClient, changes = {}) {
  const clock = new FakeClock();
  const { FakeSocket, sockets } = fakeSockets();
  const logged = [];
  const client = new WebSocketClient({
    url: "ws://test/ws",
    Socket: FakeSocket,
    clock,
    random: () => 0.5,
    refreshTime: 1_500_000,
    pingInterval: 30_000,
    log: (...parts) => logged.push(parts.join(" ")),
    ...changes,
  });
  const statuses = [];
  client.onConnectionStatus((status, data) => statuses.push({ status, ...data }));
  return { client, clock, sockets, statuses, logged, last: () => sockets.at(-1) };
}
