import assert from "node:assert/strict";
import { test } from "node:test";
import { Leadership } from "../../static/realtime/leadership.js";
import { TabChannel } from "../../static/realtime/tab-channel.js";

const nothing = { gained() {}, lost() {} };

test("Where the page must not have locks, it is asked for one once.", async () => {
  let asked = 0;
  const request = () => {
    asked += 1;
    return Promise.reject(new Error("SecurityError"));
  };
  const leadership = new Leadership({ request }, "name", nothing);
  leadership.seek();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([asked, leadership.leads], [1, false]);
});

test("Nothing is posted on a channel that is closed, which would throw.", () => {
  const posted = [];
  class Channel {
    constructor(name) {
      this.name = name;
    }

    postMessage(data) {
      posted.push(data);
    }

    close() {}
  }
  const channel = new TabChannel({ name: "ws://test/ws ada", id: "tab-1", locks: null, Channel }, () => {});
  assert.equal(channel.channel.name, "aether:1:ws://test/ws ada");
  channel.post("ask");
  channel.close();
  channel.post("ask");
  assert.deepEqual(posted, [{ kind: "ask", from: "tab-1" }]);
});
