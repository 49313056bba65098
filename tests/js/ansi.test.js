import assert from "node:assert/strict";
import { test } from "node:test";
import { parsed, plain } from "../../static/job/ansi.js";
import { breaks, cut, width, withMarks } from "../../static/job/runs.js";
import { styled, USUAL } from "../../static/job/sgr.js";

const ESC = "\u001b";
/** What each run says, and what of its style is not usual. */
const shown = (line) =>
  parsed(line).map(({ text, style }) => {
    const unusual = Object.entries(style).filter(([name, value]) => value !== USUAL[name]);
    return [text, Object.fromEntries(unusual)];
  });

test("Text without sequences is one run, and nothing is none.", () => {
  assert.deepEqual(shown("plain <b>text</b>"), [["plain <b>text</b>", {}]]);
  assert.deepEqual(shown(""), []);
});

test("Colours and weights hold until they are taken back.", () => {
  assert.deepEqual(shown(`a${ESC}[1;31mb${ESC}[22mc${ESC}[39;44md${ESC}[me`), [
    ["a", {}],
    ["b", { bold: true, ink: 1 }],
    ["c", { ink: 1 }],
    ["d", { ground: 4 }],
    ["e", {}],
  ]);
  assert.deepEqual(shown(`${ESC}[4;7;9;2;3mx`), [
    ["x", { underline: true, inverse: true, strike: true, dim: true, italic: true }],
  ]);
  assert.deepEqual(shown(`${ESC}[94;107mx`), [["x", { ink: 12, ground: 15 }]]);
});

test("256 colours and true ones are read in both ways of writing them.", () => {
  for (const [parameters, style] of [
    ["38;5;208", { ink: "#ff8700" }],
    ["38:5:208", { ink: "#ff8700" }],
    ["48;5;3", { ground: 3 }],
    ["38;5;232", { ink: "#080808" }],
    ["38;2;1;2;3", { ink: "#010203" }],
    ["38:2::255:0:16", { ink: "#ff0010" }],
    ["48:2:255:0:16;1", { ground: "#ff0010", bold: true }],
    ["4:3", { underline: true }],
  ])
    assert.deepEqual(styled(USUAL, parameters), { ...USUAL, ...style }, parameters);
});

test("Numbers that mean nothing change nothing.", () => {
  for (const parameters of ["38;5;256", "38;2;1;2", "38;2;300;0;0", "38", "38;9", "8", "5", "999", "constructor", ";"])
    assert.deepEqual(styled(USUAL, parameters), USUAL, parameters);
});

test("Titles, links, cursor movements and broken sequences are dropped, and text around them stays.", () => {
  for (const sequence of [
    `${ESC}]0;title\u0007`,
    `${ESC}]8;;https://example.com${ESC}\\`,
    `${ESC}[2J`,
    `${ESC}[10;20H`,
    `${ESC}[?25l`,
    `${ESC}[>4;2m`,
    `${ESC}(B`,
    `${ESC}7`,
    `${ESC}Pdevice${ESC}\\`,
    "\u009b31;5",
    "\u0000\u0001\u007f\u0085",
    `${ESC}[${"9;".repeat(200)}m`,
  ])
    assert.equal(plain(`a${sequence.endsWith("5") ? `${sequence}m` : sequence}b`), "ab", JSON.stringify(sequence));
  for (const open of [`${ESC}`, `${ESC}[`, `${ESC}[31`, `${ESC}]0;title`, `${ESC}P`])
    assert.equal(plain(`a${open}`), "a");
});

test("A line that is written over shows what was written last.", () => {
  assert.equal(plain("10 %\r55 %\r100 %"), "100 %");
  assert.equal(plain("long text\rshort"), "shorttext");
  assert.equal(plain(`long text\r${ESC}[Kshort`), "short");
  assert.equal(plain(`long text\r${ESC}[2Kshort`).trimEnd(), "short");
  assert.equal(plain("windows\r"), "windows");
  assert.equal(plain("spin |\b/\b-"), "spin -");
  assert.deepEqual(shown(`red\r${ESC}[31mR`), [
    ["R", { ink: 1 }],
    ["ed", {}],
  ]);
});

test("Tabs go to the next stop, also behind a sequence.", () => {
  assert.equal(plain("a\tb"), "a       b");
  assert.equal(plain(`${ESC}[1mab${ESC}[m\tc`), "ab      c");
});

test("What would turn the order of the text is shown for what it is.", () => {
  assert.equal(plain("a\u202etxt.exe"), "a\ufffdtxt.exe");
});

test("Wrapping counts columns: wide characters are two, and none is cut in half.", () => {
  assert.deepEqual(breaks("abcdefgh", 3), [0, 3, 6]);
  assert.deepEqual(breaks("", 3), [0]);
  assert.deepEqual(breaks("日本語", 4), [0, 2]);
  assert.deepEqual(breaks("🚀🚀🚀", 4), [0, 4]);
  assert.equal(width("日本 ok"), 7);
});

test("Runs are cut and marked where the text is, whatever their styles are.", () => {
  const runs = parsed(`ab${ESC}[31mcd${ESC}[mef`);
  assert.deepEqual(
    cut(runs, [1, 5]).map(({ text }) => text),
    ["b", "cd", "e"],
  );
  const pieces = withMarks(runs, [[1, 3]]);
  assert.deepEqual(
    pieces.map(({ text, marked = false }) => [text, marked]),
    [
      ["a", false],
      ["b", true],
      ["c", true],
      ["d", false],
      ["ef", false],
    ],
  );
  assert.equal(
    cut(pieces, [1, 3]).every(({ marked }) => marked),
    true,
  );
});
