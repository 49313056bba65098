import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { VirtualRows } from "../../static/dashboard/virtual-rows.js";

/** As much of an element as rows need. */
class FakeElement {
  constructor() {
    this.children = [];
    this.parent = null;
    this.attributes = {};
    this.style = {};
    this.classList = { add() {} };
    this.moves = 0;
  }

  get firstElementChild() {
    return this.children[0] ?? null;
  }

  get nextElementSibling() {
    return this.parent.children[this.parent.children.indexOf(this) + 1] ?? null;
  }

  append() {}

  getAttribute(name) {
    return this.attributes[name] ?? null;
  }

  setAttribute(name, value) {
    this.attributes[name] = `${value}`;
  }

  contains(other) {
    return this === other || this.children.some((child) => child.contains(other));
  }

  remove() {
    if (this.parent) this.parent.children = this.parent.children.filter((child) => child !== this);
    this.parent = null;
  }

  insertBefore(child, place) {
    assert.ok(place === null || place.parent === this, "The place is one of these children.");
    child.remove();
    child.parent = this;
    child.moves += 1;
    this.children.splice(place === null ? this.children.length : this.children.indexOf(place), 0, child);
  }
}

beforeEach(() => {
  globalThis.document = { createElement: () => new FakeElement(), activeElement: null };
});
afterEach(() => {
  delete globalThis.document;
});

/** Rows that say what they show. */
function rows() {
  const make = () => {
    const element = new FakeElement();
    return {
      element,
      fill: (item) => {
        element.shows = item;
      },
    };
  };
  return new VirtualRows({ role: "list", make, headerRows: 0 });
}

function show(list, keys, { from = 0, count = 100 } = {}) {
  const wanted = [...keys].map((key, place) => ({ key, item: key, index: from + place }));
  list.show(wanted, { rowHeight: 10, count });
  const { children } = list.rail;
  assert.equal(children.map(({ shows }) => shows).join(""), keys);
  assert.deepEqual(
    children.map(({ attributes }) => Number(attributes["aria-posinset"])),
    wanted.map(({ index }) => index + 1),
  );
  assert.deepEqual(
    children.map(({ style }) => style.transform),
    wanted.map(({ index }) => `translateY(${index * 10}px)`),
  );
}

function* orders(letters) {
  if (letters.length < 2) yield letters;
  for (const letter of letters)
    for (const rest of orders(letters.replace(letter, ""))) if (letters.length > 1) yield letter + rest;
}

test("Rows stand in the document in the order of the items, whatever order they come from.", () => {
  for (const before of orders("abcd"))
    for (const after of [...orders("abcd"), "xbya", "dxc", "b", "", "wxyz"]) {
      const list = rows();
      show(list, before);
      show(list, after);
    }
});

test("While one scrolls, up and down and far, rows that are used again stand in order.", () => {
  const letters = "abcdefghijklmnopqrstuvwxyz";
  const list = rows();
  for (const from of [0, 3, 1, 12, 11, 20, 0, 19, 5, 6, 4]) show(list, letters.slice(from, from + 6), { from });
});

test("A row that stays is not moved when others come and go around it.", () => {
  const list = rows();
  show(list, "abc");
  const [, b] = list.rail.children;
  show(list, "xbyc");
  show(list, "b");
  assert.equal(list.rail.children[0], b);
  assert.equal(b.moves, 1);
});
