import { EventStream } from "./event-stream.js";
import { HttpLink, retry } from "./http-link.js";

/** @import { Options, Ends } from "./types.js" */
/** @import { Following } from "./following.js" */
/** @import { StreamEvent } from "./event-stream.js" */

/** The server says where it is every 15 s; more silence than this means that it, or a proxy, is gone. */
const SILENCE = 40_000;
/** After a wake-up the next sign of life must come within its interval. */
const SILENCE_AFTER_WAKE = 20_000;

/** One stream of server-sent events. */
export class SseLink extends HttpLink {
  /** @param {Options} options @param {Ends} ends @param {Following} following */
  constructor(options, ends, following) {
    super("sse", options, ends, following);
  }

  probe() {
    if (this.ready) this.expect(SILENCE_AFTER_WAKE);
  }

  /** @param {AbortSignal} signal */
  async run(signal) {
    const { cursor } = this.following;
    const headers = { Accept: "text/event-stream", ...(cursor ? { "Last-Event-ID": cursor } : {}) };
    const response = await this.request(this.http.stream, {}, { headers, signal });
    if (!response || signal.aborted) return;
    const type = response.headers.get("Content-Type") ?? "";
    if (!type.startsWith("text/event-stream") || !response.body) return this.lose(retry("This is no event stream."));
    await this.listen(response.body.getReader(), signal);
    // A proxy, or the server, ends a stream that has got old: no trouble worth a word.
    if (!signal.aborted) this.lose({ ...retry("The stream ended."), action: "resume" });
  }

  /** @param {ReadableStreamDefaultReader<Uint8Array>} reader @param {AbortSignal} signal */
  async listen(reader, signal) {
    const decoder = new TextDecoder();
    const stream = new EventStream();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      for (const event of stream.push(decoder.decode(piece.value, { stream: true })))
        if (!signal.aborted) this.event(event);
      if (signal.aborted) return;
    }
  }

  /** @param {StreamEvent} event */
  event({ id, data }) {
    if (data !== null) this.read(data);
    // The cursor holds after the message, and not before it was handed on.
    if (id !== null && !this.ended) this.following.cursor = id;
    if (this.ready) this.expect(SILENCE);
  }
}
