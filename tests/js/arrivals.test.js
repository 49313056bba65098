import assert from "node:assert/strict";
import { test } from "node:test";
import { ArrivalAnnouncer } from "../../static/dashboard/arrivals.js";
import { FakeClock } from "./fakes.js";

/** A region that keeps all that it was made to say. */
function listening() {
  const clock = new FakeClock();
  const said = [];
  const region = {
    set textContent(text) {
      said.push(text);
    },
  };
  const announcer = new ArrivalAnnouncer(region, clock);
  return { announcer, clock, said };
}

const items = (count) => Array.from({ length: count }, (_, index) => ({ title: `n${index}` }));

test("The first arrival is said at once, by its title.", () => {
  const { announcer, clock, said } = listening();
  announcer.add(items(1));
  clock.pass(100);
  assert.deepEqual(said, ["New: n0"]);
});

test("Three hundred in half a minute are told in four sentences, whose numbers make up the sum.", () => {
  const { announcer, clock, said } = listening();
  for (let count = 0; count < 300; count += 1) {
    announcer.add(items(1));
    clock.pass(100);
  }
  clock.pass(10_000);
  assert.equal(said.length, 4);
  const counts = said.map((text) => (text.startsWith("New: ") ? 1 : Number.parseInt(text, 10)));
  assert.equal(
    counts.reduce((sum, count) => sum + count),
    300,
  );
});

test("After something else has spoken it waits as after itself.", () => {
  const { announcer, clock, said } = listening();
  announcer.told();
  announcer.add(items(2));
  clock.pass(9_999);
  assert.deepEqual(said, []);
  clock.pass(1);
  assert.deepEqual(said, ["2 new notifications"]);
});
