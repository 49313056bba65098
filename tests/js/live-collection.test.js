import assert from "node:assert/strict";
import { test } from "node:test";
import { idOf, LiveCollection, objectsOf } from "../../static/dashboard/live-collection.js";

const at = (offset, epoch = "e") => ({ offset, epoch });
const vm = (id, version = 1, more = {}) => ({ kind: "vm", id, version, host: "h1", ...more });
const message = (action, data, offset) => ({ type: "inventory", action, data, topic: "inventory", offset });

/** A collection whose listeners are told when the test says so; `changes` is what they were told. */
function collected(vms = [], offset = 10) {
  const due = [];
  const schedule = (work) => () => due.push(work);
  const collection = new LiveCollection({ schedule, now: () => 5_000 });
  const changes = [];
  collection.onChange(({ ids, all }) => changes.push({ ids: [...ids].sort(), all }));
  const settle = () => due.splice(0).slice(-1)[0]?.();
  if (vms.length > 0) collection.replace({ vms }, at(offset));
  settle();
  changes.length = 0;
  return { collection, changes, settle };
}

const titles = (collection) =>
  collection
    .values()
    .map(({ id, version }) => `${id}@${version}`)
    .sort();

test("A newer version replaces, an older or the same one does not.", () => {
  const { collection } = collected([vm("a", 3)]);
  collection.receive(message("updated", vm("a", 2, { host: "old" }), 11));
  collection.receive(message("updated", vm("a", 3, { host: "same" }), 12));
  assert.equal(collection.get("vm:a").host, "h1");
  collection.receive(message("updated", vm("a", 4, { host: "h2" }), 13));
  assert.equal(collection.get("vm:a").host, "h2");
  assert.equal(collection.position.offset, 13);
});

test("A delete is remembered: an older update does not bring it back, a newer one does.", () => {
  const { collection } = collected([vm("a", 3)]);
  collection.receive(message("deleted", vm("a", 5), 11));
  collection.receive(message("updated", vm("a", 4), 12));
  assert.equal(collection.size, 0);
  collection.receive(message("updated", vm("a", 6), 13));
  assert.deepEqual(titles(collection), ["a@6"]);
});

test("A delete of an object that is newer here, or unknown, is handled by its version.", () => {
  const { collection } = collected([vm("a", 7)]);
  collection.receive(message("deleted", vm("a", 5), 11));
  assert.deepEqual(titles(collection), ["a@7"]);
  collection.receive(message("deleted", vm("b", 2), 12));
  collection.receive(message("created", vm("b", 1)));
  assert.deepEqual(titles(collection), ["a@7"]);
});

test("What is created again later in the stream is alive, though its versions begin anew.", () => {
  const { collection } = collected([vm("a", 7)]);
  collection.receive(message("deleted", vm("a", 8), 11));
  collection.receive(message("created", vm("a", 1), 12));
  assert.deepEqual(titles(collection), ["a@1"]);
  collection.receive(message("updated", vm("a", 2), 13));
  assert.deepEqual(titles(collection), ["a@2"]);
});

test("A snapshot replaces everything, also what it does not have any longer.", () => {
  const { collection } = collected([vm("a"), vm("b")]);
  collection.replace({ vms: [vm("b", 2), vm("c")] }, at(20));
  assert.deepEqual(titles(collection), ["b@2", "c@1"]);
  assert.equal(collection.position.offset, 20);
});

test("A snapshot from before what has come keeps what is newer: changes, new ones and deletes.", () => {
  const { collection } = collected([vm("a"), vm("b"), vm("c")]);
  collection.receive(message("updated", vm("a", 2), 11));
  collection.receive(message("deleted", vm("b", 2), 12));
  collection.receive(message("created", vm("d"), 13));
  collection.replace({ vms: [vm("a"), vm("b"), vm("c")] }, at(10));
  assert.deepEqual(titles(collection), ["a@2", "c@1", "d@1"]);
  assert.equal(collection.position.offset, 13);
});

test("A stream that began anew replaces newer versions, too: a backup was restored.", () => {
  const { collection } = collected([vm("a", 9), vm("b", 9)]);
  collection.receive(message("deleted", vm("b", 10), 11));
  collection.replace({ vms: [vm("a", 2), vm("b", 2)] }, at(3, "other"));
  assert.deepEqual(titles(collection), ["a@2", "b@2"]);
  assert.deepEqual(collection.position, at(3, "other"));
});

test("A REST answer replaces what was there when it was asked for, and is not live.", () => {
  const { collection } = collected([vm("a"), vm("b"), vm("gone")]);
  const { turn } = collection;
  collection.receive(message("updated", vm("a", 3), 11));
  collection.receive(message("created", vm("new"), 12));
  collection.receive(message("deleted", vm("b", 2), 13));
  collection.replace([vm("a", 2), vm("b", 1), vm("c")], null, turn);
  assert.deepEqual(titles(collection), ["a@3", "c@1", "new@1"]);
  assert.deepEqual([collection.phase, collection.asOf, collection.position.offset], ["stale", 5_000, 13]);
});

test("Phases: loading, ready, stale while nobody tells, ready again; an error only where there is nothing.", () => {
  const { collection } = collected();
  assert.equal(collection.phase, "loading");
  collection.lost();
  assert.equal(collection.phase, "loading");
  collection.fail(new Error("away"));
  assert.deepEqual([collection.phase, collection.error.message], ["error", "away"]);
  collection.replace([vm("a")], at(1));
  assert.deepEqual([collection.phase, collection.error], ["ready", null]);
  collection.lost();
  collection.fail(new Error("away"));
  assert.equal(collection.phase, "stale");
  collection.live();
  assert.equal(collection.phase, "ready");
});

test("Who may no longer see it is shown nothing of it.", () => {
  const { collection } = collected([vm("a")]);
  collection.index("host");
  collection.refuse(new Error("Your account may not see this."));
  assert.deepEqual([collection.phase, collection.size, collection.count("host", "h1")], ["error", 0, 0]);
});

test("Listeners are told once for what comes together, and which ids it was.", () => {
  const { collection, changes, settle } = collected([vm("a"), vm("b")]);
  collection.receive(message("updated", vm("a", 2), 11));
  collection.receive(message("deleted", vm("b", 2), 12));
  collection.receive(message("updated", vm("a", 2), 11));
  settle();
  assert.deepEqual(changes, [{ ids: ["vm:a", "vm:b"], all: false }]);
  collection.replace([vm("a", 2)], at(20));
  settle();
  assert.equal(changes[1].all, true);
});

test("An index follows moves and deletes, and begins with what is there.", () => {
  const { collection } = collected([vm("a"), vm("b")]);
  collection.index("host");
  collection.index("big", ({ version }) => version > 5);
  assert.equal(collection.count("host", "h1"), 2);
  collection.receive(message("updated", vm("a", 6, { host: "h2" }), 11));
  assert.deepEqual(
    [collection.where("host", "h1"), collection.where("host", "h2"), collection.where("big", true)].map((vms) =>
      vms.map(({ id }) => id),
    ),
    [["b"], ["a"], ["a"]],
  );
  collection.receive(message("deleted", vm("a", 7), 12));
  assert.deepEqual([collection.count("host", "h2"), collection.count("big", true)], [0, 0]);
  assert.throws(() => collection.count("nope", 1), /no index/);
});

test("Ids tell kinds apart; jobs have theirs; what has none, as output lines, is no object.", () => {
  assert.deepEqual([idOf(vm("a")), idOf({ job_id: 7 }), idOf({ lines: [] })], ["vm:a", "7", undefined]);
  const { collection } = collected([vm("a")]);
  collection.receive({ type: "job", action: "output", job_id: "7", data: { lines: ["x"] }, offset: 11 });
  assert.equal(collection.size, 1);
});

test("Objects are found in a list, in an object of lists, and alone.", () => {
  const [a, b] = [vm("a"), vm("b")];
  assert.deepEqual(objectsOf([a, b]), [a, b]);
  assert.deepEqual(objectsOf({ vms: [a], hosts: [b], total: 2 }), [a, b]);
  assert.deepEqual(objectsOf(a), [a]);
  assert.deepEqual(objectsOf({}), []);
});

test("Whatever order snapshots and publications come in, everyone ends up with the same.", () => {
  const events = [
    message("created", vm("c"), 11),
    message("updated", vm("a", 2), 12),
    message("deleted", vm("b", 2), 13),
    message("created", vm("b", 1), 14),
    message("updated", vm("b", 2), 15),
    message("deleted", vm("a", 3), 16),
  ];
  const truth = new Map([
    ["a", 1],
    ["b", 1],
  ]);
  const states = [[...truth]];
  for (const { action, data } of events) {
    if (action === "deleted") truth.delete(data.id);
    else truth.set(data.id, data.version);
    states.push([...truth]);
  }
  const snapshot = (count) => [states[count].map(([id, version]) => vm(id, version)), at(10 + count)];
  for (let late = 0; late <= events.length; late += 1) {
    for (let when = late; when <= events.length; when += 1) {
      const { collection } = collected([vm("a"), vm("b")]);
      for (const event of events.slice(0, when)) collection.receive(event);
      collection.replace(...snapshot(late));
      for (const event of events.slice(when)) collection.receive(event);
      assert.deepEqual(titles(collection), ["b@2", "c@1"], `snapshot ${late} after ${when}`);
    }
  }
});
