import assert from "node:assert/strict";
import { test } from "node:test";
import { concerns } from "../../static/realtime/concerning.js";

test("A message is for a page as the server would have it.", () => {
  const wanted = (...names) => new Set(names);
  const status = { type: "job", action: "status", topic: "jobs", job_id: "7", offset: 1 };
  const output = { ...status, action: "output" };
  const cases = [
    [wanted("jobs"), status, true],
    [wanted("jobs"), output, false],
    [wanted("all"), status, true],
    [wanted("all"), output, false],
    [wanted("jobs:7"), status, true],
    [wanted("jobs:7"), output, true],
    [wanted("all", "jobs:7"), output, true],
    [wanted("jobs:8"), status, false],
    [wanted("notifications"), status, false],
    [wanted("inventory:vm-1"), { type: "inventory", topic: "inventory" }, true],
    [wanted("jobs:7"), { type: "snapshot", topic: "jobs:7" }, true],
    [wanted("jobs"), { type: "snapshot", topic: "jobs:7" }, false],
    [wanted(), { type: "unread_count", unread_count: 1 }, true],
    [wanted("jobs"), { type: "subscription", status: "unsubscribed", denied: [{ topic: "jobs" }] }, true],
    [wanted("jobs"), { type: "subscription", status: "unsubscribed", denied: [{ topic: "inventory" }] }, false],
  ];
  for (const [names, message, expected] of cases)
    assert.equal(concerns(names, message), expected, `${[...names]}: ${JSON.stringify(message)}`);
});
