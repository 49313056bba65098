import { h } from "./dom.js";

/** What may be an address: up to a space, a control or invisible character, or what never ends up in one. */
const CANDIDATE = /\bhttps?:\/\/[^\s\p{C}<>"'`]+/giu;
/** Characters of an address; what is longer stays text. */
const LONGEST = 2_048;
/** What belongs to the sentence around an address rather than to the address. */
const TRAILING = /[.,;:!?…*_]$/u;
const BRACKETS = new Map([
  [")", "("],
  ["]", "["],
  ["}", "{"],
]);

/**
 * A part of a text, and where it leads if it is an address.
 *
 * @typedef {{ text: string, href?: string }} Piece
 */

/**
 * Split a text where http and https addresses stand in it; the pieces together are the text. Nothing else leads
 * anywhere: no other scheme, and no address with a name before an @, which would pass one host off as another.
 *
 * @param {string} text
 * @returns {Piece[]}
 */
export function pieces(text) {
  /** @type {Piece[]} */
  const found = [];
  let end = 0;
  for (const match of text.matchAll(CANDIDATE)) {
    if (match[0].length > LONGEST) continue;
    const address = trimmed(match[0]);
    const href = target(address);
    if (!href) continue;
    if (match.index > end) found.push({ text: text.slice(end, match.index) });
    found.push({ text: address, href });
    end = match.index + address.length;
  }
  if (end < text.length) found.push({ text: text.slice(end) });
  return found;
}

/** Make a text's nodes: what it says, with its addresses as links. @param {string} text @returns {Node[]} */
export function linked(text) {
  return pieces(text).map(({ text: words, href }) =>
    href ? h("a", { href, target: "_blank", rel: "noopener noreferrer" }, words) : document.createTextNode(words),
  );
}

/**
 * Say where a link or a button of a notification leads, or null where it may not: elsewhere only with http and https.
 *
 * @param {unknown} link
 * @param {string} [origin] This site's.
 * @returns {{ href: string, outside: boolean } | null}
 */
export function destination(link, origin = location.origin) {
  if (typeof link !== "string" || link.length > LONGEST || /[\s\p{C}\\]/u.test(link)) return null;
  if (!link.startsWith("/")) {
    const href = /^https?:\/\//u.test(link) ? target(link) : null;
    return href ? { href, outside: true } : null;
  }
  if (!URL.canParse(link, origin)) return null;
  const url = new URL(link, origin);
  // Of `/.//host` the parser leaves `//host`, which is another site's address.
  const here = ![link, url.pathname].some((path) => path.startsWith("//")) && url.origin === origin;
  return here ? { href: url.pathname + url.search + url.hash, outside: false } : null;
}

/** Leave the sentence's own marks out; a bracket that was opened inside stays. @param {string} address */
function trimmed(address) {
  let rest = address;
  for (;;) {
    const last = rest.slice(-1);
    const opening = BRACKETS.get(last);
    const unopened = opening !== undefined && rest.split(opening).length < rest.split(last).length;
    if (!TRAILING.test(rest) && !unopened) return rest;
    rest = rest.slice(0, -1);
  }
}

/** @param {string} address @returns {string | null} */
function target(address) {
  if (!URL.canParse(address)) return null;
  const { protocol, username, password, href } = new URL(address);
  return ["http:", "https:"].includes(protocol) && !username && !password ? href : null;
}
