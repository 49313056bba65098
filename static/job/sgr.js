/**
 * How characters look that come after an SGR sequence, as ECMA-48 and xterm define it.
 *
 * @typedef {number | string | null} Colour A number is one of the theme's 16, a text is `#rrggbb`; null is the usual one.
 * @typedef {object} Style
 * @property {Colour} ink
 * @property {Colour} ground
 * @property {boolean} bold
 * @property {boolean} dim
 * @property {boolean} italic
 * @property {boolean} underline
 * @property {boolean} inverse
 * @property {boolean} strike
 */

/** @type {Style} */
export const USUAL = Object.freeze({
  ink: null,
  ground: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  inverse: false,
  strike: false,
});

/** @type {Record<number, Partial<Style>>} What a number alone says. Text that hides or blinks does neither here. */
const ALONE = {
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  9: { strike: true },
  21: { underline: true },
  22: { bold: false, dim: false },
  23: { italic: false },
  24: { underline: false },
  27: { inverse: false },
  29: { strike: false },
  39: { ink: null },
  49: { ground: null },
};
const LEVELS = [0, 95, 135, 175, 215, 255];

/**
 * Return the style that follows *style* after a sequence with these parameters. What it does not know changes nothing.
 *
 * @param {Style} style
 * @param {string} parameters As between `ESC [` and `m`: `1;38;5;208`, or with colons, `38:2::255:0:0`.
 * @returns {Style}
 */
export function styled(style, parameters) {
  const fields = parameters.split(";");
  let now = style;
  while (fields.length > 0) {
    const [code = 0, ...sub] = numbers(/** @type {string} */ (fields.shift()).split(":"));
    if (code === 0) now = USUAL;
    else if (code === 38 || code === 48) {
      const colour = sub.length > 0 ? colonColour(sub) : nextColour(fields);
      if (colour !== undefined) now = { ...now, [code === 38 ? "ink" : "ground"]: colour };
    } else if (code === 4 && sub.length > 0) now = { ...now, underline: sub[0] !== 0 };
    else now = { ...now, ...(ALONE[code] ?? basic(code)) };
  }
  return now;
}

/** @param {number} code @returns {Partial<Style>} */
function basic(code) {
  if (code >= 30 && code <= 37) return { ink: code - 30 };
  if (code >= 40 && code <= 47) return { ground: code - 40 };
  if (code >= 90 && code <= 97) return { ink: code - 82 };
  if (code >= 100 && code <= 107) return { ground: code - 92 };
  return {};
}

/** @param {number[]} sub `5:208`, `2:r:g:b` or `2:space:r:g:b`. @returns {Colour | undefined} */
function colonColour([mode, ...rest]) {
  if (mode === 5) return indexed(rest[0]);
  return mode === 2 ? rgb(rest.length > 3 ? rest.slice(1, 4) : rest) : undefined;
}

/** Take a colour off the front of *fields*. @param {string[]} fields @returns {Colour | undefined} */
function nextColour(fields) {
  const [mode] = numbers(fields.splice(0, 1));
  if (mode === 5) return indexed(numbers(fields.splice(0, 1))[0]);
  return mode === 2 ? rgb(numbers(fields.splice(0, 3))) : undefined;
}

/** @param {number | undefined} index Of xterm's 256 colours: the 16, a cube of 6 × 6 × 6, and 24 grays. @returns {Colour | undefined} */
function indexed(index = -1) {
  if (index < 0 || index > 255) return undefined;
  if (index < 16) return index;
  if (index >= 232) return rgb(Array(3).fill(8 + (index - 232) * 10));
  const place = index - 16;
  return rgb([Math.floor(place / 36), Math.floor(place / 6) % 6, place % 6].map((level) => LEVELS[level] ?? 0));
}

/** @param {number[]} parts @returns {Colour | undefined} */
function rgb(parts) {
  if (parts.length !== 3 || parts.some((part) => part > 255)) return undefined;
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

/** @param {string[]} texts @returns {number[]} What is left out is 0. */
function numbers(texts) {
  return texts.map((text) => Number.parseInt(text, 10) || 0);
}
