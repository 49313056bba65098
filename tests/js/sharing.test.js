import assert from "node:assert/strict";
import { test } from "node:test";
import { pageTabs } from "../../static/websocket.js";
import { FakeBrowser, TOPIC } from "./fake-browser.js";

/** Time in which tabs come together. */
const TOGETHER = 5_000;
const names = (statuses) => statuses.map(({ status }) => status);

/** A browser with so many tabs, which have come together. */
async function together(count, how) {
  const browser = new FakeBrowser(how);
  const tabs = Array.from({ length: count }, () => browser.open());
  await browser.pass(TOGETHER);
  return { browser, tabs };
}

test("Three tabs come to have one connection, and each is handed each publication once.", async () => {
  const { browser, tabs } = await together(3);
  assert.equal(browser.connections, 1);
  for (let count = 0; count < 5; count += 1) browser.publish();
  await browser.settle();
  for (const tab of tabs) {
    assert.deepEqual(tab.got, [11, 12, 13, 14, 15]);
    assert.equal(tab.client.isConnected(), true);
    assert.equal(tab.client.getTransport(), "websocket");
    assert.deepEqual(names(tab.statuses), ["connecting", "connected"]);
  }
  assert.equal(new Set(tabs.map(({ client }) => client.getClientId())).size, 1);
});

test("What comes while the tabs come together is handed on once.", async () => {
  const browser = new FakeBrowser();
  const tabs = [browser.open(), browser.open()];
  for (let step = 0; step < 20; step += 1) {
    browser.publish();
    await browser.pass(250, 250);
  }
  assert.equal(browser.connections, 1);
  for (const tab of tabs) assert.deepEqual(tab.wrong, []);
  assert.equal(tabs[1].seen, browser.head);
});

for (const [how, end] of [
  ["is closed", (browser, tab) => browser.close(tab)],
  ["crashes", (browser, tab) => browser.crash(tab)],
])
  test(`Where the leader ${how}, the others go on at once, without a word, and come together again.`, async () => {
    const { browser, tabs } = await together(3);
    const [leader] = browser.connected;
    end(browser, leader);
    for (let count = 0; count < 3; count += 1) browser.publish();
    await browser.settle();
    const left = tabs.filter((tab) => tab !== leader);
    for (const tab of left) {
      assert.deepEqual(tab.got, [11, 12, 13]);
      assert.deepEqual(names(tab.statuses), ["connecting", "connected"]);
      assert.equal(tab.states, 1);
    }
    await browser.pass(TOGETHER);
    browser.publish();
    await browser.settle();
    assert.equal(browser.connections, 1);
    for (const tab of left) assert.deepEqual([tab.got, tab.wrong], [[11, 12, 13, 14], []]);
  });

test("Where the leader is frozen, another tab that makes sure of it takes over.", async () => {
  const { browser, tabs } = await together(2);
  const [leader] = browser.connected;
  const [other] = tabs.filter((tab) => tab !== leader);
  for (const channel of browser.channels) channel.frozen = channel.tab === leader.id;
  other.client.wake();
  browser.publish();
  await browser.pass(9_000);
  assert.deepEqual(other.got, []);
  await browser.pass(2_000);
  assert.deepEqual(other.got, [11]);
  // It thaws, and finds that another one leads.
  for (const channel of browser.channels) channel.frozen = false;
  await browser.pass(70_000);
  browser.publish();
  await browser.settle();
  assert.deepEqual(
    browser.connected.map(({ id }) => id),
    [other.id],
  );
  assert.deepEqual([leader.got, other.got, leader.wrong], [[11, 12], [11, 12], []]);
});

test("A tab that missed something of what the leader passed on goes on from its position.", async () => {
  const { browser, tabs } = await together(2);
  const [other] = tabs.filter((tab) => !browser.connected.includes(tab));
  const [channel] = browser.channels.filter((one) => one.tab === other.id);
  channel.frozen = true;
  browser.publish();
  await browser.settle();
  channel.frozen = false;
  browser.publish();
  await browser.settle();
  assert.deepEqual(other.got, [11, 12]);
});

test("A lost connection is told to all tabs as it would be of their own, and each tries by itself.", async () => {
  const { browser, tabs } = await together(2);
  browser.up = false;
  browser.connected[0].sockets.at(-1).end(1006);
  await browser.settle();
  for (const tab of tabs) assert.deepEqual(names(tab.statuses).slice(2, 4), ["disconnected", "reconnecting"]);
  browser.up = true;
  browser.head += 3;
  await browser.pass(TOGETHER * 2);
  for (const tab of tabs) assert.deepEqual([tab.got, tab.client.isConnected()], [[11, 12, 13], true]);
  assert.equal(browser.connections, 1);
});

test("Where the login ends all tabs stop.", async () => {
  const { browser, tabs } = await together(3);
  const [socket] = browser.connected[0].sockets.slice(-1);
  socket.say({ type: "disconnect", code: 1008, reason: "Session ended", reconnect: false });
  socket.end(1008);
  await browser.pass(TOGETHER);
  for (const tab of tabs) {
    const { status, final, reason } = tab.statuses.at(-1);
    assert.deepEqual([status, final, reason], ["failed", true, "Session ended"]);
  }
  assert.equal(browser.connections, 0);
});

test("Tabs of two people, or of two servers, do not share.", async () => {
  const browser = new FakeBrowser();
  for (const name of ["ws://test/ws ada", "ws://test/ws bob", "ws://other/ws ada"]) browser.open({ name });
  await browser.pass(TOGETHER);
  assert.equal(browser.connections, 3);
});

test("Without locks, without a name, or where it is turned off, each tab has its own.", async () => {
  const browser = new FakeBrowser();
  for (let count = 0; count < 2; count += 1) browser.open({ tabs: false });
  await browser.pass(TOGETHER);
  assert.equal(browser.connections, 2);
  assert.deepEqual(pageTabs({}, "ws://test/ws"), {});
  assert.deepEqual(pageTabs({ user: { name: "ada" }, websocket_sharing: false }, "ws://test/ws"), {});
});

test("Each tab gets what it follows, and the leader follows it for all.", async () => {
  const browser = new FakeBrowser();
  const tabs = [[TOPIC], ["jobs:7"], ["jobs", TOPIC]].map((topics) => browser.open({ topics }));
  const got = tabs.map((tab) => {
    const all = [];
    tab.client.on("job", ({ action, job_id: id }) => all.push(`${action} ${id}`));
    return all;
  });
  await browser.pass(TOGETHER);
  assert.equal(browser.connections, 1);
  const [{ socket }] = browser.open_;
  assert.deepEqual(socket.on, new Set([TOPIC, "jobs:7", "jobs"]));
  const job = (offset, action, id) => socket.say({ type: "job", action, job_id: id, topic: "jobs", offset, data: {} });
  job(1, "status", "7");
  job(2, "output", "7");
  job(3, "status", "8");
  browser.publish();
  await browser.settle();
  assert.deepEqual(got, [[], ["status 7", "output 7"], ["status 7", "status 8"]]);
  assert.deepEqual(
    tabs.map((tab) => tab.got),
    [[11], [], [11]],
  );
});

test("What a tab wanted is unsubscribed when it goes, also by a crash.", async () => {
  const browser = new FakeBrowser();
  const first = browser.open();
  await browser.pass(TOGETHER);
  const second = browser.open({ topics: ["jobs"] });
  const third = browser.open({ topics: ["inventory"] });
  await browser.pass(TOGETHER);
  const { on } = first.sockets.at(-1);
  assert.deepEqual(on, new Set([TOPIC, "jobs", "inventory"]));
  browser.crash(second);
  await browser.settle();
  assert.deepEqual(on, new Set([TOPIC, "inventory"]));
  third.client.unsubscribe("inventory");
  await browser.settle();
  assert.deepEqual(on, new Set([TOPIC]));
});

test("A tab that follows something new has its state over a connection of its own first.", async () => {
  const { browser, tabs } = await together(2);
  const [other] = tabs.filter((tab) => !browser.connected.includes(tab));
  other.client.subscribe("jobs", { snapshot: true });
  await browser.settle();
  assert.equal(browser.connections, 2);
  assert.equal(other.sockets.at(-1).asked().at(-1).snapshot, true);
  await browser.pass(TOGETHER);
  assert.equal(browser.connections, 1);
  browser.publish();
  await browser.settle();
  assert.deepEqual(other.got, [11]);
});

test("A leader that comes to follow what it followed for others begins with the state.", async () => {
  const browser = new FakeBrowser();
  const leader = browser.open({ topics: ["jobs"] });
  await browser.pass(TOGETHER);
  const other = browser.open();
  await browser.pass(TOGETHER);
  browser.publish();
  await browser.settle();
  assert.deepEqual([leader.got, other.got], [[], [11]]);
  leader.seen = null;
  leader.client.subscribe([TOPIC]);
  await browser.settle();
  browser.publish();
  await browser.settle();
  assert.deepEqual([leader.seen, leader.got, leader.wrong], [12, [12], []]);
  assert.deepEqual([other.got, other.states, other.wrong], [[11, 12], 1, []]);
});

test("What a follower sends goes to the server, but no subscription of its own.", async () => {
  const { browser, tabs } = await together(2);
  const [leader] = browser.connected;
  const [other] = tabs.filter((tab) => tab !== leader);
  assert.equal(other.client.send({ type: "custom", value: 1 }), true);
  assert.equal(other.client.send({ type: "unsubscribe", topics: [TOPIC] }), false);
  await browser.settle();
  assert.deepEqual(leader.sockets.at(-1).sent.at(-1), { type: "custom", value: 1 });
});

test("A tab that wakes up has the leader make sure of the server.", async () => {
  const { browser, tabs } = await together(2);
  const [leader] = browser.connected;
  const [other] = tabs.filter((tab) => tab !== leader);
  const pings = () => leader.sockets.at(-1).sent.filter(({ type }) => type === "ping").length;
  const before = pings();
  other.client.wake();
  await browser.settle();
  assert.equal(pings(), before + 1);
  // The network has gone without a word.
  Object.assign(leader.sockets.at(-1), { answered: Number.POSITIVE_INFINITY });
  other.client.wake();
  await browser.pass(15_000);
  browser.publish();
  await browser.settle();
  for (const tab of tabs) assert.deepEqual([tab.got, tab.client.isConnected()], [[11], true]);
});

test("The leader replaces its connection before it gets old, and nobody notices.", async () => {
  const { browser, tabs } = await together(2);
  await browser.pass(1_500_000, 10_000);
  browser.publish();
  await browser.settle();
  assert.equal(browser.connections, 1);
  for (const tab of tabs)
    assert.deepEqual([tab.got, tab.wrong, names(tab.statuses)], [[11], [], ["connecting", "connected"]]);
});

test("Who disconnects leaves the others connected.", async () => {
  const { browser, tabs } = await together(3);
  const [leader] = browser.connected;
  leader.client.disconnect();
  await browser.pass(TOGETHER);
  browser.publish();
  await browser.settle();
  for (const tab of tabs) assert.deepEqual(tab.got, tab === leader ? [] : [11]);
  leader.client.connect();
  await browser.pass(TOGETHER);
  assert.deepEqual([leader.got, browser.connections], [[11], 1]);
});

/** Numbers that are the same for the same seed. */
function chances(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test("Whatever happens to tabs and connections, no tab misses anything or is handed it twice.", async () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const chance = chances(seed);
    const browser = new FakeBrowser({ chance });
    browser.open();
    for (let step = 0; step < 40; step += 1) {
      const tab = browser.tabs[Math.floor(chance() * browser.tabs.length)];
      const what = chance();
      if (what < 0.3) browser.publish();
      else if (what < 0.45 && browser.tabs.length < 5) browser.open();
      else if (what < 0.55 && browser.tabs.length > 1) browser.close(tab);
      else if (what < 0.65 && browser.tabs.length > 1) browser.crash(tab);
      else if (what < 0.75) tab.sockets.findLast((one) => one.readyState < 3)?.end([1000, 1006, 1012][step % 3]);
      else if (what < 0.8) tab.client.wake();
      else await browser.pass(chance() * 5_000);
      if (chance() < 0.7) await browser.settle();
    }
    await browser.pass(60_000, 2_000);
    browser.publish();
    await browser.settle();
    for (const tab of browser.tabs)
      assert.deepEqual([tab.wrong, tab.seen, tab.client.isConnected()], [[], browser.head, true], `seed ${seed}`);
    assert.equal(browser.connections, 1, `seed ${seed}`);
  }
});
