/** @typedef {{ from: number, to: number }} Lines Both included. */

/** Return the lines that an address points to, as in `#L42` and `#L42-L50`. @param {string} hash @returns {Lines | null} */
export function anchored(hash) {
  const match = /^#L(\d{1,15})(?:-L?(\d{1,15}))?$/u.exec(hash);
  if (!match) return null;
  const [one, other] = [Number(match[1]), Number(match[2] ?? match[1])];
  return one < 1 || other < 1 ? null : { from: Math.min(one, other), to: Math.max(one, other) };
}

/** @param {Lines} lines @returns {string} */
export function anchorOf({ from, to }) {
  return from === to ? `#L${from}` : `#L${from}-L${to}`;
}
