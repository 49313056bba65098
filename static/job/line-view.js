import { h } from "../dashboard/dom.js";
import { parsed } from "./ansi.js";
import { lineOf, partOf } from "./line-rows.js";
import { breaks, cut, width, withMarks } from "./runs.js";

/** @import { Piece, Range } from "./runs.js" */

const STDERR = "STDERR: ";

/**
 * @typedef {object} Context
 * @property {(number: number) => string | undefined} line
 * @property {(text: string) => Range[]} ranges Where what is looked for is.
 * @property {() => number} columns Of a wrapped row; 0 where lines are not wrapped.
 * @property {(number: number) => boolean} isTarget Whether the address points to it.
 * @property {() => number} current The line that the search is at.
 * @property {(number: number, event: MouseEvent) => void} choose Somebody pressed a line's number.
 * @property {(columns: number) => void} wide A line of so many columns is shown.
 */

/** A row of the output: a line with its number, or a part of a wrapped one. Text goes in as text, colours as styles. */
export class LineView {
  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    this.number = 0;
    this.filled = "";
    this.link = h("a", {
      class: "line-number",
      tabindex: -1,
      click: (/** @type {MouseEvent} */ event) => context.choose(this.number, event),
    });
    this.text = h("span", { class: "line-text" });
    this.element = h("div", { class: "line", "data-testid": "line" }, this.link, this.text);
  }

  /** @param {number} row */
  fill(row) {
    const { context } = this;
    const [number, part] = [lineOf(row), partOf(row)];
    const line = context.line(number);
    const { classList } = this.element;
    classList.toggle("target", context.isTarget(number));
    classList.toggle("current", context.current() === number);
    const pieces = line === undefined ? [] : shown(line, part, context);
    const key = `${row} ${line === undefined} ${context.columns()} ${JSON.stringify(pieces)}`;
    if (key === this.filled) return;
    this.filled = key;
    this.number = number;
    this.element.dataset.line = `${number}`;
    this.link.href = `#L${number}`;
    this.link.textContent = part === 0 ? `${number}` : "";
    classList.toggle("absent", line === undefined);
    classList.toggle("stderr", line?.startsWith(STDERR) ?? false);
    this.text.replaceChildren(...pieces.map(element));
  }
}

/** @param {string} line @param {number} part @param {Context} context @returns {Piece[]} */
function shown(line, part, { ranges, columns, wide }) {
  const runs = parsed(line);
  const text = runs.map((run) => run.text).join("");
  const pieces = withMarks(runs, ranges(text));
  if (columns() === 0) {
    wide(width(text));
    return pieces;
  }
  const starts = breaks(text, columns());
  return cut(pieces, [starts[part] ?? text.length, starts[part + 1] ?? text.length]);
}

/** @param {Piece} piece @returns {Node} */
function element({ text, style, marked }) {
  const classes = [
    ...["bold", "dim", "italic", "underline", "strike"].filter((name) => style[/** @type {"bold"} */ (name)]),
    ...(style.inverse ? ["inverse"] : []),
  ];
  const [ink, ground] = style.inverse ? [style.ground, style.ink] : [style.ink, style.ground];
  if (typeof ink === "number") classes.push(`ink-${ink}`);
  if (typeof ground === "number") classes.push(`ground-${ground}`);
  const plain = classes.length === 0 && typeof ink !== "string" && typeof ground !== "string";
  if (plain && !marked) return document.createTextNode(text);
  const node = h(marked ? "mark" : "span", { class: classes.join(" ") || null }, text);
  // The browser takes these as colours or not at all; a policy forbids styles that are written as markup.
  if (typeof ink === "string") node.style.color = ink;
  if (typeof ground === "string") node.style.backgroundColor = ground;
  return node;
}
