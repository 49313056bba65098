import assert from "node:assert/strict";
import { test } from "node:test";
import { pieces } from "../../static/dashboard/links.js";

/** Where a text's links lead. */
const targets = (text) => pieces(text).flatMap(({ href }) => href ?? []);
/** The words of its links. */
const words = (text) => pieces(text).flatMap(({ text: said, href }) => (href ? [said] : []));

test("An address in a text is a link, and what stands around it stays text.", () => {
  assert.deepEqual(pieces("See https://example.org/a?b=c#d, then http://example.net."), [
    { text: "See " },
    { text: "https://example.org/a?b=c#d", href: "https://example.org/a?b=c#d" },
    { text: ", then " },
    { text: "http://example.net", href: "http://example.net/" },
    { text: "." },
  ]);
  assert.deepEqual(pieces("nothing here"), [{ text: "nothing here" }]);
  assert.deepEqual(pieces(""), []);
  assert.deepEqual(words("HTTPS://EXAMPLE.ORG/X"), ["HTTPS://EXAMPLE.ORG/X"]);
  assert.deepEqual(words("http://127.0.0.1:8000/ http://[::1]:8000/x"), [
    "http://127.0.0.1:8000/",
    "http://[::1]:8000/x",
  ]);
});

test("The marks of a sentence are no part of an address; a bracket of its own is.", () => {
  assert.deepEqual(words("(see https://example.org/a)"), ["https://example.org/a"]);
  assert.deepEqual(words("https://example.org/a_(b)"), ["https://example.org/a_(b)"]);
  assert.deepEqual(words("[https://example.org/a]: https://example.org/b!?"), [
    "https://example.org/a",
    "https://example.org/b",
  ]);
  assert.deepEqual(words('"https://example.org/a" <https://example.org/b>'), [
    "https://example.org/a",
    "https://example.org/b",
  ]);
});

test("Nothing but http and https ever leads anywhere.", () => {
  const hostile = [
    "javascript:alert(1)",
    "JavaScript:alert(1)//http",
    "java\u0000script:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https",
    "//example.org",
    "www.example.org",
    "ftp://example.org",
    "xhttps://example.org",
    "http:example.org",
    "https:///",
    "https://",
    "https://[bad",
    "<a href=x>y</a>",
  ];
  for (const text of hostile) assert.deepEqual(targets(text), [], text);
});

test("An address inside of another scheme leads to itself alone.", () => {
  assert.deepEqual(targets("javascript:location='https://example.org/'"), ["https://example.org/"]);
  assert.deepEqual(targets("data:text/html,<a href=https://example.org/>"), ["https://example.org/"]);
});

test("An address that passes one host off as another is no link.", () => {
  assert.deepEqual(targets("https://bank.example@evil.example/"), []);
  assert.deepEqual(targets("https://bank.example:x@evil.example/"), []);
  assert.deepEqual(targets("https://bank.example\\@evil.example/"), ["https://bank.example/@evil.example/"]);
  assert.deepEqual(targets("https://example.org/\u202Egnp.exe"), ["https://example.org/"]);
});

test("An address of more characters than browsers agree on stays text.", () => {
  assert.deepEqual(targets(`https://example.org/${"a".repeat(2_028)}`).length, 1);
  assert.deepEqual(targets(`https://example.org/${"a".repeat(2_029)}`), []);
});

test("The pieces together are the text, whatever it is, and a long one takes no time.", () => {
  const parts = [
    "https://",
    "http://a.b/",
    "(",
    ")",
    "]",
    "@",
    " ",
    "\n",
    "\u202E",
    "💥",
    "é",
    "<b>",
    "'",
    "…",
    "javascript:",
  ];
  let seed = 7;
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed;
  };
  for (let round = 0; round < 2_000; round += 1) {
    const text = Array.from({ length: 12 }, () => parts[random() % parts.length]).join("");
    const found = pieces(text);
    assert.equal(found.map((piece) => piece.text).join(""), text);
    for (const { href } of found) if (href) assert.match(href, /^https?:\/\/[^@/]+\//);
  }
  const started = performance.now();
  for (const text of [")".repeat(10_000), "http://a.b/".repeat(900), `http://a.b/${")".repeat(9_900)}`]) pieces(text);
  assert.ok(performance.now() - started < 1_000);
});
