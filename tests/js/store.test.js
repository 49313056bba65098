import assert from "node:assert/strict";
import { test } from "node:test";
import { applied, emptyState, extended, newestFirst, removed, replaced } from "../../static/dashboard/store.js";
import { view } from "../../static/dashboard/wishes.js";

const item = (id, more = {}) => ({
  id,
  title: id,
  message: "",
  level: "info",
  category: "system",
  created_at: "2026-01-01T00:00:00.000Z",
  version: 1,
  read: false,
  offset: 5,
  ...more,
});

function snapshot(items, offset = 10, more = {}) {
  const unread = items.filter(({ read }) => !read).length;
  const data = { notifications: items, unread_count: unread, total_count: items.length, next: null, ...more };
  return replaced(emptyState(), data, { offset, epoch: "e" });
}

const message = (action, data, offset = 11, more = {}) => ({
  type: "notification",
  action,
  topic: "notifications",
  offset,
  data,
  ...more,
});
const created = (data, offset) => message("created", data, offset);

test("A created notification is added with its offset, and counts.", () => {
  const { offset: _, ...data } = item("b", { created_at: "2026-01-02T00:00:00.000Z" });
  const state = applied(snapshot([item("a")]), created(data));
  assert.deepEqual(
    newestFirst(state).map(({ id }) => id),
    ["b", "a"],
  );
  assert.equal(state.items.get("b").offset, 11);
  assert.deepEqual([state.unread, state.total], [2, 2]);
});

test("A deleted notification goes, and so does its part of the badge (defect 2: deleted was ignored).", () => {
  const state = applied(
    snapshot([item("a"), item("b", { read: true })]),
    message("deleted", item("a", { version: 2 })),
  );
  assert.deepEqual([...state.items.keys()], ["b"]);
  assert.deepEqual([state.unread, state.total], [0, 1]);
});

test("A mark of one's own in another tab changes the badge (defect 2: it never changed on updated).", () => {
  const state = applied(
    snapshot([item("a"), item("b")]),
    message("updated", item("a", { read: true }), 11, { unread_count: 1 }),
  );
  assert.equal(state.items.get("a").read, true);
  assert.equal(state.unread, 1);
});

test("An older version changes nothing, whatever the order of arrival.", () => {
  const state = snapshot([item("a", { version: 5, title: "new" })]);
  assert.equal(
    applied(state, message("updated", item("a", { version: 4, title: "old", read: true }))).items.get("a").title,
    "new",
  );
  assert.equal(applied(state, message("deleted", item("a", { version: 4 }))).items.size, 1);
});

test("A shared update without `read` leaves the mark and the offset alone; for what is not held it is nothing.", () => {
  const { read: _, ...data } = item("a", { version: 2, title: "changed" });
  const state = applied(snapshot([item("a", { read: true })]), message("updated", data));
  assert.deepEqual(
    [state.items.get("a").title, state.items.get("a").read, state.items.get("a").offset],
    ["changed", true, 5],
  );
  assert.equal(applied(snapshot([]), message("updated", data)).items.size, 0);
});

test("A re-opening update is unread again, from its own offset.", () => {
  const { offset: _, ...data } = item("a", { version: 2 });
  const state = applied(snapshot([item("a", { read: true })]), message("updated", data, 12));
  assert.deepEqual([state.items.get("a").read, state.items.get("a").offset, state.unread], [false, 12, 1]);
});

test("A re-opening brings back what was deleted only when it is newer than the tombstone.", () => {
  const gone = applied(snapshot([item("a")]), message("deleted", item("a", { version: 3 }), 11));
  assert.equal(applied(gone, message("updated", item("a", { version: 3 }), 12)).items.size, 0);
  assert.equal(applied(gone, created(item("a", { version: 2 }), 12)).items.size, 0);
  assert.equal(applied(gone, created(item("a", { version: 4 }), 12)).items.size, 1);
});

test("A dismissal that is taken back carries the same version and comes back.", () => {
  const gone = applied(snapshot([item("a")]), message("deleted", item("a"), 11));
  const state = applied(gone, created(item("a", { read: true, offset: 5 }), 12));
  assert.deepEqual([state.items.get("a").read, state.items.get("a").offset], [true, 5]);
});

test("read_through marks what lies at or before its offset; what is pending or later stays unread.", () => {
  const items = [
    item("a", { offset: 3 }),
    item("b", { offset: 8 }),
    item("c", { offset: 9 }),
    item("d", { offset: null }),
  ];
  const state = applied(snapshot(items), message("read_through", { up_to: 8 }, 11, { unread_count: 2 }));
  assert.deepEqual(
    [...state.items.values()].map(({ read }) => read),
    [true, true, false, false],
  );
  assert.equal(state.unread, 2);
});

test("A pending item gets its offset when its publication comes.", () => {
  const state = applied(snapshot([item("a", { offset: null })]), created({ ...item("a"), offset: undefined }, 11));
  assert.deepEqual([state.items.get("a").offset, state.items.size, state.unread], [11, 1, 1]);
});

test("The absolute count replaces what was reckoned.", () => {
  assert.equal(applied(snapshot([item("a")]), { type: "unread_count", unread_count: 250 }).unread, 250);
});

test("A count of none means that what was pending in a snapshot is read too, and nothing else.", () => {
  const state = applied(snapshot([item("a", { offset: null }), item("b")]), { type: "unread_count", unread_count: 0 });
  assert.deepEqual([state.items.get("a").read, state.items.get("b").read, state.unread], [true, false, 0]);
});

test("What a snapshot already holds is not applied again.", () => {
  const state = snapshot([item("a")], 10);
  assert.equal(applied(state, message("read_through", { up_to: 9 }, 10, { unread_count: 0 })), state);
});

test("A refreshed connection's older initial state does not undo what has come since.", () => {
  const state = applied(snapshot([item("a")], 10), created(item("b"), 11));
  const older = { notifications: [item("a")], unread_count: 1, total_count: 1, next: null };
  assert.equal(replaced(state, older, { offset: 10, epoch: "e" }), state);
  assert.equal(replaced(state, older, { offset: 10, epoch: "other" }).items.size, 1);
  assert.equal(replaced(state, older, { offset: 12, epoch: "e" }).items.size, 1);
});

test("An older page adds what is not held, and never what was deleted meanwhile.", () => {
  const state = removed(snapshot([item("a"), item("b")], 10, { next: "cursor" }), "b", 2);
  const page = {
    notifications: [item("b"), item("c"), item("a", { version: 0, title: "stale" })],
    next: null,
    total_count: 2,
  };
  const after = extended(state, page);
  assert.deepEqual([...after.items.keys()], ["a", "c"]);
  assert.equal(after.items.get("a").title, "a");
  assert.equal(after.next, null);
});

test("A mark on something beyond the loaded pages does not put it on the list.", () => {
  const state = snapshot([item("a")], 10, { next: "cursor" });
  const old = item("z", { created_at: "2025-01-01T00:00:00.000Z", read: true });
  assert.equal(applied(state, message("updated", old)).items.size, 1);
});

test("A wish shows at once, and taking it back restores everything.", () => {
  const state = snapshot([item("a"), item("b"), item("c", { offset: 20 })], 20, { unread_count: 5, total_count: 8 });
  assert.equal(view(state, [{ kind: "read", id: "a" }]).unread, 4);
  const without = view(state, [{ kind: "delete", id: "a" }]);
  assert.deepEqual([without.items.length, without.unread, without.total], [2, 4, 7]);
  assert.equal(view(state, [{ kind: "readAll", upTo: 10 }]).unread, 1);
  assert.deepEqual([view(state, []).unread, view(state, []).items.length], [5, 3]);
});
