import { styled, USUAL } from "./sgr.js";

/** @import { Style } from "./sgr.js" */

/** @typedef {{ text: string, style: Style }} Run Characters that look alike. */

const BELL = 7;
const BACKSPACE = 8;
const TAB = 9;
const RETURN = 13;
const ESCAPE = 27;
const CSI = 0x9b;
const TAB_WIDTH = 8;
/** Characters of a sequence's parameters; what is longer is none that anybody means. */
const LONGEST = 64;
/** What would turn the order of the text around it, as in an attack on who reads it. */
const TURNING = /[\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Return what a terminal would show of a line, as runs of text: colours and weights by SGR, carriage returns, backspaces
 * and "erase in line" as they work, tabs as spaces. All other sequences and control characters are dropped. Each line
 * begins plain, since the one before it may not be at hand.
 *
 * @param {string} line
 * @returns {Run[]} None for what shows nothing. Nothing in them is markup.
 */
export function parsed(line) {
  const safe = line.replace(TURNING, "\ufffd");
  if (!hasControls(safe)) return safe ? [{ text: safe, style: USUAL }] : [];
  const cells = new Cells();
  let index = 0;
  while (index < safe.length) {
    const end = nextControl(safe, index);
    if (end > index) cells.write(safe.slice(index, end));
    index = end < safe.length ? obey(cells, safe, end) : end;
  }
  return cells.runs();
}

/** @param {string} line @returns {string} What can be read of it. */
export function plain(line) {
  return parsed(line)
    .map(({ text }) => text)
    .join("");
}

/** The cells of a line, which are written over from where the cursor is. */
class Cells {
  constructor() {
    /** @type {string[]} */
    this.characters = [];
    /** @type {Style[]} */
    this.styles = [];
    this.at = 0;
    this.style = USUAL;
  }

  /** @param {string} text */
  write(text) {
    for (const character of text) {
      this.characters[this.at] = character;
      this.styles[this.at] = this.style;
      this.at += 1;
    }
  }

  tab() {
    this.write(" ".repeat(TAB_WIDTH - (this.at % TAB_WIDTH)));
  }

  /** @param {number} part 0 from the cursor to the end, 1 up to the cursor, 2 all. */
  erase(part) {
    if (part === 2) this.characters.fill(" ");
    else if (part === 1) this.characters.fill(" ", 0, this.at + 1);
    else {
      this.characters.length = Math.min(this.at, this.characters.length);
      this.styles.length = this.characters.length;
    }
  }

  /** @returns {Run[]} */
  runs() {
    /** @type {Run[]} */
    const runs = [];
    this.characters.forEach((character, index) => {
      const style = this.styles[index] ?? USUAL;
      const last = runs.at(-1);
      if (last && last.style === style) last.text += character;
      else runs.push({ text: character, style });
    });
    return runs;
  }
}

/** Do what the control character at *index* says; return where the text goes on. @param {Cells} cells @param {string} line
 * @param {number} index @returns {number} */
function obey(cells, line, index) {
  const code = line.charCodeAt(index);
  if (code === CSI) return sequence(cells, line, index + 1);
  if (code === ESCAPE) return escaped(cells, line, index + 1);
  if (code === TAB) cells.tab();
  else if (code === RETURN) cells.at = 0;
  else if (code === BACKSPACE) cells.at = Math.max(0, cells.at - 1);
  return index + 1;
}

/** @param {Cells} cells @param {string} line @param {number} index Behind the escape character. */
function escaped(cells, line, index) {
  const kind = line[index] ?? "";
  if (kind === "[") return sequence(cells, line, index + 1);
  if ("]PX^_".includes(kind) && kind) return endOfString(line, index + 1);
  let end = index;
  while (between(line, end, 0x20, 0x2f)) end += 1;
  return between(line, end, 0x30, 0x7e) ? end + 1 : end;
}

/** @param {Cells} cells @param {string} line @param {number} index Behind `ESC [`. */
function sequence(cells, line, index) {
  let end = index;
  while (between(line, end, 0x30, 0x3f)) end += 1;
  const parameters = line.slice(index, end);
  const intermediate = end;
  while (between(line, end, 0x20, 0x2f)) end += 1;
  if (!between(line, end, 0x40, 0x7e)) return end;
  const known = end === intermediate && parameters.length <= LONGEST && /^[\d;:]*$/u.test(parameters);
  if (known && line[end] === "m") cells.style = styled(cells.style, parameters);
  else if (known && line[end] === "K") cells.erase(Number(parameters) || 0);
  return end + 1;
}

/** Skip what is no text: titles, links, and what else goes on up to BEL or ST. @param {string} line @param {number} index */
function endOfString(line, index) {
  for (let end = index; end < line.length; end += 1) {
    const code = line.charCodeAt(end);
    if (code === BELL || code === 0x9c) return end + 1;
    if (code === ESCAPE) return line[end + 1] === "\\" ? end + 2 : end;
  }
  return line.length;
}

/** @param {string} line @param {number} index @param {number} low @param {number} high */
function between(line, index, low, high) {
  const code = line.charCodeAt(index);
  return code >= low && code <= high;
}

/** @param {string} line @param {number} from @returns {number} The line's length where there is none. */
function nextControl(line, from) {
  for (let index = from; index < line.length; index += 1) if (isControl(line.charCodeAt(index))) return index;
  return line.length;
}

/** @param {string} line */
function hasControls(line) {
  return nextControl(line, 0) < line.length;
}

/** @param {number} code */
function isControl(code) {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f);
}
