/**
 * Which rows of a long list are on the page: the arithmetic of `VirtualList`.
 *
 * @typedef {object} Viewport Pixels.
 * @property {number} top How far it is scrolled.
 * @property {number} height
 * @property {number} rowHeight
 * @property {Wider | null} [wider]
 *
 * @typedef {{ index: number, more: number }} Wider The one row that is higher than the others, and by how much.
 */

/** Return where row *index* begins, in pixels. @param {Pick<Viewport, "rowHeight" | "wider">} viewport @param {number} index */
export function startOf({ rowHeight, wider }, index) {
  return index * rowHeight + (wider && index > wider.index ? wider.more : 0);
}

/** Return which row is *y* pixels from the start. @param {Pick<Viewport, "rowHeight" | "wider">} viewport @param {number} y A fraction too. */
function rowAt({ rowHeight, wider }, y) {
  if (!wider || y < (wider.index + 1) * rowHeight) return y / rowHeight;
  return Math.max(wider.index + 0.999, (y - wider.more) / rowHeight);
}

/**
 * Return the rows that are visible, with some more on either side, as a half-open range.
 *
 * @param {Viewport} viewport
 * @param {number} count
 * @param {number} extra Rows on either side.
 * @returns {[number, number]}
 */
export function rangeOf(viewport, count, extra) {
  const { top, height, rowHeight } = viewport;
  if (rowHeight <= 0 || count === 0) return [0, 0];
  const first = Math.floor(rowAt(viewport, Math.max(0, top))) - extra;
  const last = Math.ceil(rowAt(viewport, Math.max(0, top) + height)) + extra;
  return [Math.max(0, Math.min(first, count)), Math.max(0, Math.min(last, count))];
}

/** @param {Viewport} viewport @param {number} count Whether the last row is on the page, or nearly so. */
export function atEnd(viewport, count) {
  const { top, height, rowHeight } = viewport;
  return top + height >= startOf(viewport, count) - rowHeight / 2;
}

/**
 * Return how far to scroll so that row *index* is wholly visible: not at all where it is. Of one that is higher than
 * the viewport the start is what is shown.
 *
 * @param {Viewport} viewport
 * @param {number} index
 */
export function revealing(viewport, index) {
  const { top, height } = viewport;
  const [start, end] = [startOf(viewport, index), startOf(viewport, index + 1)];
  if (start < top || end - start > height) return start;
  return end > top + height ? end - height : top;
}

/**
 * Return where *key* has gone, or -1. It is looked for around *near* first: rows seldom move far.
 *
 * @template T
 * @param {readonly T[]} items
 * @param {(item: T, index: number) => string | number} keyOf
 * @param {string | number} key
 * @param {number} near
 */
export function indexNear(items, keyOf, key, near) {
  const start = Math.max(0, Math.min(near, items.length - 1));
  for (let distance = 0; distance < items.length; distance += 1) {
    for (const index of distance === 0 ? [start] : [start + distance, start - distance]) {
      const item = items[index];
      if (item !== undefined && keyOf(item, index) === key) return index;
    }
  }
  return -1;
}

/** Which row a key goes to from row *index*. @param {string} key @param {number} index @param {number} count @param {number} page Rows.
 * @returns {number | null} Null where the key is none of these. */
export function moved(key, index, count, page) {
  const targets = {
    ArrowDown: index + 1,
    ArrowUp: index - 1,
    PageDown: index + page,
    PageUp: index - page,
    Home: 0,
    End: count - 1,
  };
  const target = Object.hasOwn(targets, key) ? targets[/** @type {keyof typeof targets} */ (key)] : null;
  return target === null || count === 0 ? null : Math.max(0, Math.min(target, count - 1));
}
