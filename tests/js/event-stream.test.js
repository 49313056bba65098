import assert from "node:assert/strict";
import { test } from "node:test";
import { EventStream } from "../../static/realtime/event-stream.js";

const TEXT = 'retry: 2000\n\nid: a\ndata: {"x":"é: \u2028"}\n\n: comment\nid: b\n\ndata:one\ndata: two\n\n';
const EVENTS = [
  { id: "a", data: '{"x":"é: \u2028"}' },
  { id: "b", data: null },
  { id: null, data: "one\ntwo" },
];

test("Events are read the same in whatever pieces they come, and with any line end.", () => {
  for (const text of [TEXT, TEXT.replaceAll("\n", "\r\n")]) {
    for (let size = 1; size <= text.length; size += 1) {
      const stream = new EventStream();
      const events = [];
      for (let at = 0; at < text.length; at += size) events.push(...stream.push(text.slice(at, at + size)));
      assert.deepEqual(events, EVENTS);
    }
  }
});

test("An event that was cut off is none.", () => {
  assert.deepEqual(new EventStream().push('id: a\ndata: {"type":"noti'), []);
});
