import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveCollection } from "../../static/dashboard/live-collection.js";
import { Expansion } from "../../static/inventory/expansion.js";
import { gigabytes, partOf } from "../../static/inventory/fields.js";
import { addressesOf, EVERYTHING, filterOf, isFiltered } from "../../static/inventory/filters.js";
import { flatten } from "../../static/inventory/flatten.js";
import { Places } from "../../static/inventory/places.js";
import { isAbout, runningFirst } from "../../static/inventory/related-jobs.js";
import { tilesOf } from "../../static/inventory/summary.js";
import { deedOf, TypeAhead } from "../../static/inventory/tree-keys.js";
import { FakeStorage } from "./fake-http.js";

const cluster = (name, version = 1) => ({ kind: "cluster", id: name, name, version });
const host = (id, more = {}) => ({
  kind: "host",
  id,
  hostname: id,
  cluster: "prod",
  connected: true,
  version: 1,
  ...more,
});
const vm = (id, on, more = {}) => ({ kind: "vm", id, name: id, host: on, state: "Running", version: 1, ...more });

const PLACE = {
  clusters: [cluster("prod"), cluster("edge")],
  hosts: [host("h10"), host("h2", { connected: false, error: "No route." }), host("alone", { cluster: null })],
  vms: [
    vm("web-10", "h2"),
    vm("web-9", "h2", { state: "Off" }),
    vm("db-1", "h10", { ip_address: "10.0.0.7", os_name: "Debian 12" }),
    vm("odd", "alone", { state: "Unknown" }),
  ],
};

class World {
  constructor(state = PLACE) {
    this.collection = new LiveCollection({ schedule: (work) => work, now: () => 0 });
    this.places = new Places(this.collection);
    this.collection.onChange((change) => this.places.apply(change));
    this.offset = 1;
    this.collection.replace(state, { offset: 1, epoch: "e" });
  }

  send(action, data) {
    this.offset += 1;
    this.collection.receive({ action, data, offset: this.offset });
  }

  tree(wanted = {}, { isOpen = () => true, since = () => null } = {}) {
    const all = { ...EVERYTHING, ...wanted };
    const get = (id) => this.collection.get(id);
    return flatten({ places: this.places, get, filter: filterOf(all, since), filtered: isFiltered(all), isOpen });
  }

  ids(wanted, how) {
    return this.tree(wanted, how).lines.map(({ id }) => id);
  }
}

test("The tree has clusters, hosts and VMs by name, numbers in their order, and what is in no cluster last.", () => {
  assert.deepEqual(new World().ids(), [
    "cluster:edge",
    "cluster:prod",
    "host:h2",
    "vm:web-9",
    "vm:web-10",
    "host:h10",
    "vm:db-1",
    "loose:",
    "host:alone",
    "vm:odd",
  ]);
});

test("A row says its level, its place among its siblings, and whether it is open.", () => {
  const lines = new World()
    .tree()
    .lines.map(({ id, level, place, siblings, open }) => [id, level, place, siblings, open]);
  assert.deepEqual(lines.slice(0, 4), [
    ["cluster:edge", 1, 1, 3, null],
    ["cluster:prod", 1, 2, 3, true],
    ["host:h2", 2, 1, 2, true],
    ["vm:web-9", 3, 1, 2, null],
  ]);
});

test("Each node counts what is in it, open or not, filtered or not.", () => {
  const world = new World();
  for (const wanted of [{}, { q: "web-9" }]) {
    const tree = world.tree(wanted, { isOpen: (_id, kind) => kind !== "host" });
    const [prod] = tree.lines.filter(({ id }) => id === "cluster:prod");
    assert.deepEqual(prod.counts, { vms: 3, running: 2, problems: 0, hosts: 2, connected: 1 });
    assert.deepEqual(tree.all, { vms: 4, running: 2, problems: 1, hosts: 3, connected: 2 });
  }
});

test("What is closed hides what is in it, and is counted among what was found.", () => {
  const world = new World();
  assert.deepEqual(world.ids({}, { isOpen: () => false }), ["cluster:edge", "cluster:prod", "loose:"]);
  const { vms, hosts } = world.tree({ q: "web" }, { isOpen: () => false });
  assert.deepEqual([vms, hosts], [2, 1]);
});

test("A VM is found by name, id, address and system, and with its host and cluster above it.", () => {
  const world = new World();
  for (const q of ["db-1", "10.0.0.7", "debian", "DEB 10.0"]) {
    assert.deepEqual(world.ids({ q }), ["cluster:prod", "host:h10", "vm:db-1"], q);
  }
  assert.deepEqual(world.ids({ q: "nothing" }), []);
});

test("Who looks for a host finds all that is on it; a VM may be found by words of both.", () => {
  const world = new World();
  assert.deepEqual(world.ids({ q: "h2" }), ["cluster:prod", "host:h2", "vm:web-9", "vm:web-10"]);
  assert.deepEqual(world.ids({ q: "route" }), ["cluster:prod", "host:h2", "vm:web-9", "vm:web-10"]);
  assert.deepEqual(world.ids({ q: "h2 web-9" }), ["cluster:prod", "host:h2", "vm:web-9"]);
});

test("Filters go together: states, cluster, connection, and what has changed.", () => {
  const world = new World();
  assert.deepEqual(world.ids({ state: ["Off", "Unknown"] }), [
    "cluster:prod",
    "host:h2",
    "vm:web-9",
    "loose:",
    "host:alone",
    "vm:odd",
  ]);
  assert.deepEqual(world.ids({ cluster: "edge" }), []);
  assert.deepEqual(world.ids({ cluster: "prod", state: ["Unknown"] }), []);
  assert.deepEqual(world.ids({ hosts: "disconnected" }), ["cluster:prod", "host:h2", "vm:web-9", "vm:web-10"]);
  assert.equal(world.ids({ hosts: "connected" }).includes("host:h2"), false);
  const since = (id) => (id === "vm:db-1" ? "changed" : null);
  assert.deepEqual(world.ids({ changed: "1" }, { since }), ["cluster:prod", "host:h10", "vm:db-1"]);
});

test("A VM that moves, is renamed, comes or goes is where it belongs at once.", () => {
  const world = new World();
  world.send("updated", vm("db-1", "h2", { version: 2, name: "aaa" }));
  world.send("created", vm("new", "h10"));
  world.send("deleted", { kind: "vm", id: "web-9", version: 2 });
  assert.deepEqual(world.ids({ cluster: "prod" }), [
    "cluster:prod",
    "host:h2",
    "vm:db-1",
    "vm:web-10",
    "host:h10",
    "vm:new",
  ]);
});

test("A VM on a host that is not known is not shown, and is once the host comes.", () => {
  const world = new World({ clusters: [], hosts: [], vms: [vm("early", "late")] });
  assert.deepEqual(world.ids(), []);
  world.send("created", host("late", { cluster: null }));
  assert.deepEqual(world.ids(), ["loose:", "host:late", "vm:early"]);
});

test("10,000 VMs are flattened within a frame or two.", () => {
  const hosts = Array.from({ length: 200 }, (_, index) => host(`h${index}`));
  const vms = Array.from({ length: 10_000 }, (_, index) => vm(`vm-${index}`, `h${index % 200}`));
  const world = new World({ clusters: [cluster("prod")], hosts, vms });
  world.tree({ q: "vm" });
  const start = performance.now();
  for (let round = 0; round < 5; round += 1) {
    world.send("updated", vm(`vm-${round}`, `h${round}`, { state: "Off", version: 2 }));
    assert.equal(world.tree({ q: "vm" }).lines.length, 10_201);
  }
  assert.ok((performance.now() - start) / 5 < 100, "too slow");
});

test("Right opens or goes in, Left closes or goes out, and a star opens all of a level.", () => {
  const world = new World();
  const isOpen = (id) => id !== "host:h2";
  const { lines } = world.tree({ cluster: "prod" }, { isOpen });
  assert.deepEqual(
    lines.map(({ id }) => id),
    ["cluster:prod", "host:h2", "host:h10", "vm:db-1"],
  );
  assert.deepEqual(deedOf("ArrowRight", lines, 1), { kind: "open", ids: ["host:h2"] });
  assert.deepEqual(deedOf("ArrowRight", lines, 2), { kind: "go", index: 3 });
  assert.equal(deedOf("ArrowRight", lines, 3), null);
  assert.deepEqual(deedOf("ArrowLeft", lines, 2), { kind: "close", ids: ["host:h10"] });
  assert.deepEqual(deedOf("ArrowLeft", lines, 3), { kind: "go", index: 2 });
  assert.deepEqual(deedOf("ArrowLeft", lines, 1), { kind: "go", index: 0 });
  assert.deepEqual(deedOf("*", lines, 2), { kind: "open", ids: ["host:h2"] });
  assert.equal(deedOf("x", lines, 2), null);
});

test("Typing finds the next name that begins so; the same letter goes on to the one after it.", () => {
  const names = ["web-1", "db-1", "web-2", "dns"];
  const typed = new TypeAhead();
  assert.equal(typed.find("d", names, 0, 0), 1);
  assert.equal(typed.find("n", names, 1, 100), 3);
  assert.equal(typed.find("w", names, 3, 5_000), 0);
  assert.equal(typed.find("w", names, 0, 5_100), 2);
  assert.equal(typed.find("x", names, 0, 9_000), -1);
});

test("What was opened and closed is kept, without names; while something is looked for, it is left alone.", () => {
  const storage = new FakeStorage();
  const first = new Expansion({ storage, user: "ada" });
  assert.equal(first.isOpen("host:h", "host"), true);
  first.vms = 10_000;
  assert.deepEqual([first.isOpen("host:h", "host"), first.isOpen("cluster:c", "cluster")], [false, true]);
  first.set(["host:secret"], true);
  first.set(["cluster:c"], false);
  first.look(true);
  assert.equal(first.isOpen("host:h", "host"), true);
  first.set(["host:h"], false);
  assert.equal(first.isOpen("host:h", "host"), false);
  const second = new Expansion({ storage, user: "ada" });
  second.vms = 10_000;
  assert.deepEqual([second.isOpen("host:secret", "host"), second.isOpen("cluster:c", "cluster")], [true, false]);
  assert.equal(second.isOpen("host:h", "host"), false);
  assert.equal(new Expansion({ storage, user: "bob" }).isOpen("cluster:c", "cluster"), true);
  assert.equal(JSON.stringify([...storage.items]).includes("secret"), false);
});

test("The figures say what is wrong, and lead to it.", () => {
  const [hosts, vms, problems, changed] = tilesOf({ hosts: 6, connected: 5, vms: 40, running: 30, problems: 2 }, 3);
  assert.deepEqual(
    [hosts.tone, hosts.value, hosts.note, hosts.wanted],
    ["bad", "5 / 6", "1 disconnected", { hosts: "disconnected" }],
  );
  assert.deepEqual([vms.value, problems.tone, problems.value, changed.value], ["30 / 40", "warn", "2", "3"]);
  assert.equal(tilesOf({ hosts: 6, connected: 6, vms: 0, running: 0, problems: 0 }, 0)[0].tone, "good");
});

test("Amounts, addresses and parts read well, whatever a producer calls them.", () => {
  assert.deepEqual([gigabytes(0), gigabytes(1.25), gigabytes(512), gigabytes(2048)], ["", "1.3 GB", "512 GB", "2 TB"]);
  assert.deepEqual(addressesOf({ ip_address: "a", ip_addresses: ["a", "b"] }), ["a", "b"]);
  assert.deepEqual(addressesOf({ ip_address: null, ip_addresses: [] }), []);
  assert.deepEqual(partOf({ path: "C:\\d.vhdx", size_gb: 40, type: null, x_y: { a: 1 } }), {
    name: "C:\\d.vhdx",
    facts: [
      ["size", "40 GB"],
      ["x y", '{"a":1}'],
    ],
  });
  assert.equal(partOf({}).name, "Unnamed");
});

test("A job is about a VM that it works on, or that its parameters name.", () => {
  const names = new Set(["id-1", "web-1"]);
  assert.equal(isAbout({ target_host: "web-1" }, names), true);
  assert.equal(isAbout({ target_host: null, parameters: { vm_id: "id-1" } }, names), true);
  assert.equal(isAbout({ target_host: "h", parameters: { vms: ["x", "web-1"] } }, names), true);
  assert.equal(isAbout({ target_host: "h", parameters: { vm: "web-10", n: 1, o: { vm: "web-1" } } }, names), false);
});

test("What runs comes first, then what waits, then the latest.", () => {
  const jobs = [
    { status: "failed", created_at: "3" },
    { status: "completed", created_at: "4" },
    { status: "pending", created_at: "1" },
    { status: "running", created_at: "2" },
  ];
  assert.deepEqual(
    jobs.sort(runningFirst).map(({ created_at: at }) => at),
    ["2", "1", "4", "3"],
  );
});
