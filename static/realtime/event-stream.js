/** @typedef {{ id: string | null, data: string | null }} StreamEvent An event without data only moves the cursor. */

/**
 * Reads `text/event-stream` as it comes, in whatever pieces.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 *
 * `EventSource` itself hides what this client needs: the status of a refusal, and the events without data that show
 * that the server lives. It also cannot start from a cursor.
 */
export class EventStream {
  constructor() {
    this.rest = "";
    /** @type {string | null} */
    this.id = null;
    /** @type {string[]} */
    this.data = [];
  }

  /** @param {string} text @returns {StreamEvent[]} The events that are complete with it. */
  push(text) {
    // A CR at the end may be the first half of a CRLF.
    const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? "";
    return lines.flatMap((line) => this.line(line) ?? []);
  }

  /** @param {string} line @returns {StreamEvent | null} */
  line(line) {
    if (line === "") return this.event();
    // With the flag s, since JSON may hold line separators that end no line here.
    const [, field, value = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (field === "data") this.data.push(value);
    if (field === "id") this.id = value;
    return null;
  }

  /** @returns {StreamEvent | null} */
  event() {
    const event = { id: this.id, data: this.data.length > 0 ? this.data.join("\n") : null };
    this.id = null;
    this.data = [];
    return event.id === null && event.data === null ? null : event;
  }
}
