/** Requests whose server is the test, and a storage that forgets with it. */

export class FakeHttp {
  constructor() {
    this.requests = [];
    this.fetch = (url, init) =>
      new Promise((resolve, reject) => {
        init.signal.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
        this.requests.push(new FakeRequest(url, init, resolve, reject));
      });
  }

  get options() {
    return { fetch: this.fetch, stream: "/api/v1/stream", changes: "/api/v1/changes" };
  }

  /** The newest request. */
  last() {
    return this.requests.at(-1);
  }
}

class FakeRequest {
  constructor(url, init, resolve, reject) {
    const { pathname, searchParams } = new URL(url, "http://test");
    Object.assign(this, { path: pathname, query: Object.fromEntries(searchParams), headers: init.headers ?? {} });
    Object.assign(this, { signal: init.signal, resolve, reject, body: null });
  }

  get aborted() {
    return this.signal.aborted;
  }

  /** The network, or a proxy, gives no answer at all. */
  async fail() {
    this.reject(new TypeError("network error"));
    await settled();
  }

  /** Answer with JSON, by default a poll's. */
  async answer(body, { status = 200, headers = {} } = {}) {
    this.resolve(new Response(JSON.stringify(body), { status, headers }));
    await settled();
  }

  /** Answer with an event stream, which stays open. */
  async open(type = "text/event-stream; charset=utf-8") {
    const stream = new ReadableStream({
      start: (controller) => {
        this.body = controller;
        this.signal.addEventListener("abort", () => controller.error(new DOMException("aborted", "AbortError")));
      },
    });
    this.resolve(new Response(stream, { headers: { "Content-Type": type } }));
    await settled();
  }

  /** Send text over the open stream. */
  async write(text) {
    this.body.enqueue(new TextEncoder().encode(text));
    await settled();
  }

  /** Send one event with a message and the cursor that holds after it. */
  async event(message, id) {
    await this.write(`id: ${id}\ndata: ${JSON.stringify(message)}\n\n`);
  }

  /** Begin the stream as the server does for who has no cursor. */
  async begin(offset = 10, id = `c${offset}`) {
    await this.open();
    await this.write("retry: 2000\n\n");
    await this.event(snapshot(offset), id);
  }

  async end() {
    this.body.close();
    await settled();
  }
}

export const snapshot = (offset, epoch = "e1") => ({
  type: "snapshot",
  topic: "notifications",
  data: { notifications: [], unread_count: 0 },
  positions: { notifications: { offset, epoch } },
});

export const publication = (offset) => ({ type: "notification", topic: "notifications", offset });

/** Let what is under way without time come to its end. */
export async function settled() {
  for (let round = 0; round < 5; round += 1) await new Promise((done) => setImmediate(done));
}

/** A `sessionStorage`; `broken` makes it refuse, as a full or forbidden one does. */
export class FakeStorage {
  constructor() {
    this.items = new Map();
    this.broken = false;
  }

  check() {
    if (this.broken) throw new DOMException("no", "QuotaExceededError");
  }

  getItem(key) {
    this.check();
    return this.items.get(key) ?? null;
  }

  setItem(key, text) {
    this.check();
    this.items.set(key, text);
  }

  removeItem(key) {
    this.check();
    this.items.delete(key);
  }
}
