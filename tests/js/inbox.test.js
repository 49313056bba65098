import assert from "node:assert/strict";
import { test } from "node:test";
import { rangeOf, revealing, startOf } from "../../static/dashboard/virtual-range.js";
import { Actions } from "../../static/inbox/actions.js";
import { Notes } from "../../static/inbox/notes.js";
import { Pages } from "../../static/inbox/pages.js";
import { Selection } from "../../static/inbox/selection.js";
import { choices, inWords } from "../../static/inbox/snooze-times.js";
import { accepts, difference, EVERYTHING, parametersOf } from "../../static/inbox/tabs.js";
import { shownOf } from "../../static/inbox/view.js";
import { wishFor } from "../../static/inbox/wishes.js";

const time = (minute) => `2026-11-24T09:${`${minute}`.padStart(2, "0")}:00Z`;
const item = (id, minute = 0, more = {}) => ({
  id,
  title: id,
  message: "",
  level: "info",
  category: "system",
  related_entity: null,
  created_at: time(minute),
  version: 1,
  read: false,
  archived: false,
  saved: false,
  snoozed_until: null,
  offset: minute,
  ...more,
});
const notesOf = (...items) => {
  const notes = new Notes();
  notes.take(items, 0);
  return notes;
};
const ids = (notes) => notes.map(({ id }) => id);

test("An answer of REST does not undo what came after it was asked for.", () => {
  const notes = notesOf(item("a"));
  const { turn } = notes;
  notes.receive({ action: "updated", data: item("a", 0, { archived: true }) });
  notes.take([item("a")], turn);
  assert.equal(notes.get("a").archived, true);
  notes.receive({ action: "deleted", data: { id: "a", version: 2 } });
  notes.take([item("a")], turn);
  assert.equal(notes.get("a"), undefined);
});

test("What everybody is told leaves a person's own marks alone; what opens it again ends all but saved.", () => {
  const notes = notesOf(item("a", 0, { read: true, archived: true, saved: true }));
  const { read, archived, saved, snoozed_until, offset, ...shared } = item("a", 0, { version: 2, title: "Two" });
  notes.receive({ action: "updated", data: shared, offset: 7 });
  assert.deepEqual([notes.get("a").title, notes.get("a").archived, notes.get("a").read], ["Two", true, true]);
  const opening = { ...shared, version: 3, read: false, archived: false, snoozed_until: null };
  const [news] = notes.receive({ action: "updated", data: opening, offset: 8 });
  assert.equal(news.kind, "opened");
  const { archived: isArchived, saved: isSaved, read: isRead, offset: at } = notes.get("a");
  assert.deepEqual([isArchived, isSaved, isRead, at], [false, true, false, 8]);
});

test("Mark-all-read reads up to its offset, and an older version is no news.", () => {
  const notes = notesOf(item("a", 1), item("b", 2, { version: 4 }), item("c", 3, { offset: null }));
  assert.equal(notes.receive({ action: "read_through", data: { up_to: 1 } }).length, 1);
  assert.deepEqual([notes.get("a").read, notes.get("b").read, notes.get("c").read], [true, false, false]);
  assert.deepEqual(notes.receive({ action: "created", data: item("b", 2, { version: 3 }) }), []);
});

test("What is asked of the server is asked of what is held, too.", () => {
  const wanted = { ...EVERYTHING, tab: "unread", level: ["error"], q: "disk", span: "1h" };
  const now = Date.parse(time(59));
  const parameters = parametersOf(wanted, now);
  assert.equal(`${parameters}`, "read=false&level=error&created_after=2026-11-24T08%3A59%3A00.000Z&q=disk");
  const found = accepts(wanted, now);
  const note = item("a", 30, { level: "error", title: "Disk full" });
  assert.equal(found(note), true);
  for (const other of [{ read: true }, { level: "info" }, { title: "x" }, { created_at: "2026-11-24T08:00:00Z" }])
    assert.equal(found({ ...note, ...other }), false);
});

test("A mark changes the counts of the tabs that it moves something between.", () => {
  const note = item("a");
  const { inbox, unread, archived, saved } = difference(note, { ...note, archived: true });
  assert.deepEqual([inbox, unread, archived, saved], [-1, -1, 1, 0]);
});

test("Wishes lie over what is known, and what they take away counts as gone.", () => {
  const wishes = new Set([wishFor(["a"], () => null), wishFor(["b"], (note) => ({ ...note, read: true }))]);
  const view = { wishes, accepts: () => true, keeps: () => false, waiting: new Set(["d"]) };
  const { notes, delta } = shownOf([item("a", 1), item("b", 2), item("c", 3), item("d", 4)], view);
  assert.deepEqual(ids(notes), ["c", "b"]);
  assert.deepEqual([delta.inbox, delta.unread], [-1, -2]);
});

test("Pages go on where the last one ended, and forget what the server no longer has.", async () => {
  const notes = new Notes();
  const asked = [];
  const answers = [
    { notifications: [item("d", 4), item("c", 3)], next: "x" },
    { notifications: [item("b", 2), item("a", 1)], next: null },
    { notifications: [item("d", 4), item("b", 2)], next: "y" },
    { notifications: [item("a", 1)], next: null },
  ];
  const list = async (parameters) => {
    asked.push(parameters.get("cursor"));
    return answers.shift();
  };
  const pages = new Pages({ notes, list, changed: () => {} });
  await pages.choose("all", new URLSearchParams(), () => true);
  assert.equal(pages.covers(item("b", 2)), false);
  await pages.more();
  assert.deepEqual([ids(notes.values()).sort(), pages.isAtEnd], [["a", "b", "c", "d"], true]);
  await pages.refresh();
  assert.deepEqual(ids(notes.values()).sort(), ["a", "b", "d"]);
  assert.deepEqual(asked, [null, "x", null, "y"]);
});

test("A page that could not be had leaves what is there, and can be asked for again.", async () => {
  let broken = true;
  const list = async () => {
    if (broken) throw new Error("away");
    return { notifications: [item("a")], next: null };
  };
  const pages = new Pages({ notes: new Notes(), list, changed: () => {} });
  await pages.choose("all", new URLSearchParams(), () => true);
  assert.equal(pages.error.message, "away");
  broken = false;
  await pages.more();
  assert.deepEqual([pages.error, pages.isAtEnd], [null, true]);
});

test("A range is ticked from the last one on, and what is gone is ticked no longer.", () => {
  const shown = ["a", "b", "c", "d"].map((id) => item(id));
  const selection = new Selection(() => {});
  selection.toggle("a", shown);
  selection.toggle("c", shown, { range: true });
  assert.deepEqual([...selection.ids], ["a", "b", "c"]);
  selection.keep(shown.slice(1));
  assert.deepEqual([...selection.ids], ["b", "c"]);
  selection.whole();
  selection.toggle("d", shown);
  assert.deepEqual([selection.everything, [...selection.ids]], [false, ["a", "b", "c"]]);
});

test("Snoozing is offered by the clock: the evening, the next morning, the next Monday.", () => {
  const noon = new Date(2026, 10, 25, 12, 0); // A Wednesday.
  const words = choices(noon).map(({ time: until }) => inWords(until, noon));
  assert.deepEqual(words, ["today, 18:00", "tomorrow, 09:00", "Mon, 09:00"]);
  const late = new Date(2026, 10, 25, 22, 30);
  assert.equal(inWords(choices(late)[0].time, late), "tomorrow, 01:30");
  const monday = new Date(2026, 10, 30, 8, 0);
  assert.equal(inWords(choices(monday)[2].time, monday), "Mon 7 Dec, 09:00");
  assert.match(inWords(new Date(2027, 4, 3, 9, 0), noon), /Mon,? 3 May 2027, 09:00/u);
});

test("One row may be higher than the others; those below it begin later.", () => {
  const viewport = { top: 0, height: 100, rowHeight: 10, wider: { index: 2, more: 50 } };
  assert.deepEqual([startOf(viewport, 2), startOf(viewport, 3), startOf(viewport, 4)], [20, 80, 90]);
  assert.deepEqual(rangeOf(viewport, 100, 0), [0, 5]);
  assert.deepEqual(rangeOf({ ...viewport, top: 75 }, 100, 0), [2, 13]);
  assert.deepEqual(rangeOf({ ...viewport, top: 80 }, 100, 0), [3, 13]);
  assert.equal(revealing(viewport, 4), 0);
  assert.equal(revealing(viewport, 5), 10);
  assert.equal(revealing({ ...viewport, wider: { index: 2, more: 200 } }, 2), 20);
});

test("What is undone is what was done: those that were so already are left alone.", async () => {
  const asked = [];
  globalThis.document = { cookie: "" };
  globalThis.fetch = async (url, { method }) => {
    asked.push(`${method} ${url.replace("/api/v1/notifications", "")}`);
    return new Response("{}");
  };
  const notes = notesOf(item("a"), item("b", 1, { read: true }));
  const toasts = [];
  const actions = new Actions({
    notes,
    toasts: /** @type {any} */ ({ show: (toast) => toasts.push(toast) }),
    changed: () => {},
    confirmed: () => {},
    restoring: () => {},
    returning: () => {},
  });
  await actions.run("read", notes.values());
  assert.deepEqual(asked, ["PUT /a/read"]);
  await actions.run("archive", notes.values());
  assert.deepEqual(asked.splice(0), ["PUT /a/read", "POST /batch/archive"]);
  await toasts[0].action.run();
  assert.deepEqual([asked, notes.get("a").archived], [["POST /batch/unarchive"], false]);
  globalThis.fetch = async () => new Response('{"detail": "Busy."}', { status: 503 });
  await actions.run("delete", notes.values());
  assert.deepEqual([toasts[1].title, toasts[1].text], ["2 of 2 could not be deleted", "Busy."]);
  assert.equal(notes.values().length, 2);
});
