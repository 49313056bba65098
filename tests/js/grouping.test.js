import assert from "node:assert/strict";
import { test } from "node:test";
import { Announcer } from "../../static/dashboard/announcer.js";
import { besides, entries, isGroup } from "../../static/dashboard/grouping.js";
import { destination } from "../../static/dashboard/links.js";
import { FakeClock } from "./fakes.js";

const HERE = "https://aether.example.org";

function item(id, key = null, read = false) {
  return { id, title: id, version: 1, offset: null, group_key: key, read };
}

test("those with the same key are one entry where the newest stands", () => {
  const found = entries([item("a"), item("b", "k"), item("c", "l"), item("d", "k", true), item("e")]);
  assert.deepEqual(
    found.map((entry) => entry.id),
    ["a", "group:k", "group:l", "e"],
  );
  const [, group] = found;
  assert.ok(isGroup(group));
  assert.deepEqual([group.items.map(({ id }) => id), group.count, group.unread], [["b", "d"], 2, 1]);
  assert.ok(!isGroup(found[0]));
});

test("what the page does not hold counts too", () => {
  const items = [item("a", "k"), item("b", "k", true)];
  const beyond = besides(items, "k", { count: 300, unread: 250 });
  assert.deepEqual(beyond, { count: 298, unread: 249 });
  const [group] = entries([item("new", "k"), ...items], new Map([["k", beyond]]));
  assert.deepEqual([group.count, group.unread], [301, 251]);
  assert.deepEqual(besides(items, "k", { count: 1, unread: 0 }), { count: 0, unread: 0 });
});

test("a storm is announced once, and what follows the calm again", () => {
  const clock = new FakeClock();
  const said = [];
  const announcer = new Announcer({ clock, say: (text) => said.push(text) });
  announcer.tell([item("first")]);
  clock.pass(1_000);
  assert.deepEqual(said.splice(0), ["New: first"]);
  for (let number = 0; number < 300; number += 1) {
    announcer.tell([item(`${number}`)]);
    clock.pass(40);
  }
  clock.pass(1_000);
  assert.equal(said.filter((text) => text.startsWith("Many notifications")).length, 1);
  assert.equal(said.length, 1);
  clock.pass(11_000);
  announcer.tell([item("later"), item("last")]);
  clock.pass(1_000);
  assert.equal(said.at(-1), "2 new notifications");
});

test("links lead to paths of this site and to http and https addresses", () => {
  assert.deepEqual(destination("/jobs?a=1#b", HERE), { href: "/jobs?a=1#b", outside: false });
  assert.deepEqual(destination("https://example.org/x", HERE), { href: "https://example.org/x", outside: true });
  assert.deepEqual(destination("http://[::1]:80/", HERE)?.outside, true);
});

test("nothing else is a link", () => {
  const hostile = [
    "javascript:alert(1)",
    "//evil.example",
    "/.//evil.example",
    "/x/..//evil.example",
    "/%2e//evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "\\\\evil",
    "data:x",
    "",
  ];
  const odd = [
    " /x",
    "http:evil.example",
    "https://a@evil.example",
    "jobs",
    "/a b",
    "/\u202Ex",
    `/${"x".repeat(3_000)}`,
  ];
  for (const link of [...hostile, ...odd, null, undefined, 1, {}])
    assert.equal(destination(link, HERE), null, `${link}`);
});
