import assert from "node:assert/strict";
import { test } from "node:test";
import { account, badge } from "../../static/dashboard/connection.js";
import { Inbox } from "../../static/dashboard/inbox.js";
import { Poller } from "../../static/dashboard/poller.js";
import { HOUR, lastDay } from "../../static/dashboard/summary.js";
import { ago } from "../../static/dashboard/time.js";
import { FakeClock } from "./fakes.js";

const now = { wait: 4_200, online: true };
const data = (items, unread = items.length) => ({
  notifications: items,
  unread_count: unread,
  total_count: items.length,
  next: null,
});
const item = (id, more = {}) => ({
  id,
  version: 1,
  read: false,
  offset: 1,
  created_at: "2026-01-01T00:00:00Z",
  level: "info",
  title: id,
  ...more,
});

test("Each status has one of four states, and words.", () => {
  const states = (status, more = {}) => account(status, more, now).state;
  assert.deepEqual(
    [
      states("connected"),
      states("connecting"),
      states("reconnecting"),
      states("error"),
      states("disconnected"),
      states("failed"),
    ],
    ["connected", "connecting", "reconnecting", "reconnecting", "reconnecting", "failed"],
  );
  assert.equal(states("disconnected", { final: true }), "failed");
  assert.match(account("reconnecting", { attempt: 3 }, now).detail, /5 s \(3 of 10\)/);
  for (const status of ["failed", "reconnecting"])
    assert.equal(account(status, {}, { wait: 0, online: false }).title, "Offline");
  assert.match(account("failed", { final: true, reason: "Session ended" }, now).detail, /signed out/);
});

test("Retry is offered whenever there is no connection (defect 3: it was never shown).", () => {
  for (const status of ["reconnecting", "error", "disconnected", "failed"])
    assert.equal(account(status, {}, now).retry, "Retry now");
  for (const status of ["connected", "connecting"]) assert.equal(account(status, {}, now).retry, "");
  assert.equal(account("failed", { final: true, reason: "Unauthorized" }, now).retry, "Sign in");
});

test("A connection without WebSocket is green, says what it is in words, and offers to try for a WebSocket.", () => {
  const over = (transport) => account("connected", { transport }, now);
  assert.equal(over("websocket").title, "Connected");
  assert.equal(over("sse").title, "Connected, over server-sent events");
  assert.equal(over("poll").title, "Connected, by polling");
  for (const transport of ["sse", "poll"]) {
    assert.equal(over(transport).state, "connected");
    assert.equal(over(transport).retry, "Try WebSocket");
  }
});

test("The badge stops counting at 99.", () => {
  assert.deepEqual([badge(1), badge(99), badge(100)], ["1", "99", "99+"]);
});

test("Relative times read naturally.", () => {
  const base = Date.parse("2026-06-15T12:00:00Z");
  const before = (seconds) => ago(new Date(base - seconds * 1000).toISOString(), base);
  assert.equal(before(-30), "just now");
  assert.equal(before(20), "just now");
  assert.match(before(119), /^1 min/);
  assert.match(before(3_700), /^1 hr/);
  assert.equal(before(90_000), "yesterday");
  assert.equal(before(30 * 86_400), "May 16, 2026");
});

test("The last day is counted by hour and level; figures are lower bounds while older ones are not loaded.", () => {
  const time = Date.parse("2026-06-15T12:30:00Z");
  const at = (hours, level) => item(`${hours}`, { level, created_at: new Date(time - hours * HOUR).toISOString() });
  const items = [at(0.1, "error"), at(0.2, "info"), at(5.5, "info"), at(30, "error")];
  const day = lastDay({ items, next: null }, time);
  assert.deepEqual([day.levels, day.total, day.partial], [{ error: 1, info: 2 }, 3, false]);
  assert.deepEqual(day.hours[23], { error: 1, info: 1 });
  assert.deepEqual(day.hours[18], { info: 1 });
  assert.equal(lastDay({ items: items.slice(0, 3), next: "more" }, time).partial, true);
});

test("Polling comes about every 15 s, pauses in a hidden tab, and goes on at once when it is shown.", async () => {
  const clock = new FakeClock();
  let hidden = false;
  let polls = 0;
  const poll = async () => {
    polls += 1;
  };
  const poller = new Poller({ clock, random: () => 0.5, hidden: () => hidden, poll });
  poller.start();
  poller.start();
  clock.pass(15_000);
  await Promise.resolve();
  assert.equal(polls, 1);
  hidden = true;
  clock.pass(60_000);
  assert.equal(polls, 1);
  hidden = false;
  poller.visibilityChanged();
  await Promise.resolve();
  assert.equal(polls, 2);
  poller.stop();
  clock.pass(60_000);
  assert.equal(polls, 2);
});

/** An inbox whose server is made of *answers*; `failures` and `arrivals` are what it told. */
function inboxWith(answers = {}) {
  const failures = [];
  const arrivals = [];
  const inbox = new Inbox({
    api: answers,
    changed: () => {},
    arrived: (arrival) => arrivals.push(arrival),
    failed: (error) => failures.push(error.message),
  });
  return { inbox, failures, arrivals };
}

test("A mark that the server refuses is rolled back and told.", async () => {
  const refuse = () => Promise.reject(new Error("The database is busy."));
  const { inbox, failures } = inboxWith({ markRead: refuse, remove: refuse, markAllRead: refuse });
  inbox.replace(data([item("a"), item("b")]), { offset: 5, epoch: "e" });
  const marking = inbox.mark("a", true);
  assert.equal(inbox.view().unread, 1);
  await marking;
  assert.equal(inbox.view().unread, 2);
  const removing = inbox.remove(item("b"));
  assert.equal(inbox.view().items.length, 1);
  assert.equal(await removing, false);
  assert.equal(inbox.view().items.length, 2);
  await inbox.markAllRead(5);
  assert.equal(inbox.view().unread, 2);
  assert.equal(failures.length, 3);
});

test("A mark counts once, whether the answer or the push comes first.", async () => {
  const { inbox } = inboxWith({ markRead: () => Promise.resolve({}) });
  inbox.replace(data([item("a"), item("b")]), { offset: 5, epoch: "e" });
  const push = {
    type: "notification",
    action: "updated",
    topic: "notifications",
    offset: 6,
    data: item("a", { read: true }),
    unread_count: 1,
  };
  const marking = inbox.mark("a", true);
  inbox.receive(push);
  assert.equal(inbox.view().unread, 1);
  await marking;
  assert.equal(inbox.view().unread, 1);
  await inbox.mark("b", true);
  inbox.receive({ ...push, offset: 7, data: item("b", { read: true }), unread_count: 0 });
  assert.equal(inbox.view().unread, 0);
});

test("A deleted notification can be brought back, and that is no news.", async () => {
  const { inbox, arrivals } = inboxWith({
    remove: () => Promise.resolve({}),
    restore: () => Promise.resolve(item("a", { version: 3 })),
  });
  inbox.replace(data([item("a")]), { offset: 5, epoch: "e" });
  assert.equal(await inbox.remove(item("a")), true);
  assert.equal(inbox.view().items.length, 0);
  await inbox.restore(item("a"));
  inbox.receive({
    type: "notification",
    action: "created",
    topic: "notifications",
    offset: 6,
    data: item("a", { version: 3 }),
  });
  assert.equal(inbox.view().items.length, 1);
  assert.deepEqual(arrivals, []);
});

test("What was put away and is taken back is no news; the end of a snooze is, and so is what opens again.", () => {
  const { inbox, arrivals } = inboxWith();
  inbox.replace(data([item("a")]), { offset: 5, epoch: "e" });
  let offset = 5;
  const push = (changes, of = {}) => {
    offset += 1;
    const own = { archived: false, snoozed_until: null, offset: 1, ...changes };
    const message = { type: "notification", action: "updated", topic: "notifications", offset, ...of };
    inbox.receive({ ...message, data: item("a", own) });
  };
  const ahead = new Date(Date.now() + 3_600_000).toISOString();
  push({ archived: true });
  push({});
  push({ snoozed_until: ahead });
  push({});
  assert.equal(inbox.view().items.length, 1);
  assert.deepEqual(arrivals, []);
  push({ snoozed_until: new Date().toISOString() });
  push({});
  assert.equal(arrivals.length, 1);
  push({ archived: true });
  push({ version: 2, offset: undefined });
  assert.equal(arrivals.length, 2);
});

test("What is new is announced: as it comes, and together after an absence; what is only changed is not.", () => {
  const { inbox, arrivals } = inboxWith();
  const later = { created_at: "2026-01-02T00:00:00Z" };
  inbox.replace(data([item("a")]), { offset: 5, epoch: "e" });
  inbox.receive({ type: "notification", action: "created", topic: "notifications", offset: 6, data: item("b", later) });
  const { read: _, ...changed } = item("b", { ...later, version: 2, title: "changed" });
  inbox.receive({ type: "notification", action: "updated", topic: "notifications", offset: 7, data: changed });
  const all = [item("a"), item("b", { ...later, version: 2 }), item("c", { created_at: "2026-01-03T00:00:00Z" })];
  inbox.replace(data(all), { offset: 9, epoch: "e" });
  assert.deepEqual(
    arrivals.map(({ items, missed }) => [items.map(({ id }) => id), missed]),
    [
      [["b"], false],
      [["c"], true],
    ],
  );
});

test("A poll whose answer comes after the socket is back is dropped; one that fails at first shows an error.", async () => {
  const { inbox } = inboxWith({ list: () => Promise.resolve(data([item("a")])) });
  assert.equal(await inbox.poll(() => false), true);
  assert.equal(inbox.view().phase, "loading");
  const { inbox: unlucky } = inboxWith({ list: () => Promise.reject(new Error("away")) });
  assert.equal(await unlucky.poll(() => true), false);
  assert.equal(unlucky.view().phase, "error");
});
