import { get } from "../dashboard/api.js";
import { h } from "../dashboard/dom.js";
import { plain } from "./ansi.js";
import { pages } from "./reader.js";

/** Characters that a clipboard is given at most; more is for a file. */
const MOST_COPIED = 5_000_000;

/**
 * Copy lines as they can be read: without their colours.
 *
 * @param {string} id
 * @param {{ from?: number, to?: number }} range
 * @returns {Promise<string>} What was done, in words. Raises where it could not be read or copied.
 */
export async function copy(id, range) {
  /** @type {string[]} */
  const lines = [];
  let size = 0;
  for await (const page of pages(get, id, range)) {
    for (const line of page.lines) lines.push(plain(line));
    size += page.lines.reduce((total, line) => total + line.length + 1, 0);
    if (size > MOST_COPIED) throw new Error("That is too much for the clipboard. Download it instead.");
  }
  await toClipboard(`${lines.join("\n")}\n`);
  return `${lines.length.toLocaleString()} ${lines.length === 1 ? "line" : "lines"} copied.`;
}

/**
 * Let the browser save all lines as they were printed, colours included.
 *
 * @param {string} id
 * @param {(part: number) => void} progress Told from 0 to 1.
 */
export async function download(id, progress) {
  /** @type {string[]} */
  const parts = [];
  for await (const page of pages(get, id)) {
    if (page.lines.length > 0) parts.push(`${page.lines.join("\n")}\n`);
    progress(Math.min(1, page.next_line / Math.max(1, page.total)));
  }
  const href = URL.createObjectURL(new Blob(parts, { type: "text/plain" }));
  h("a", { href, download: `job-${id}.log` }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}

/** @param {string} text */
async function toClipboard(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Without https there is the old way alone.
  const area = h("textarea", { class: "sr-only", "aria-hidden": "true" });
  area.value = text;
  document.body.append(area);
  const before = /** @type {HTMLElement | null} */ (document.activeElement);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  before?.focus({ preventScroll: true });
  if (!done) throw new Error("The browser does not let this page copy.");
}
