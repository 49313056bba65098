import { h } from "../dashboard/dom.js";

/**
 * @typedef {object} Field
 * @property {string} label
 * @property {string | Node | null} value Null, or empty: there is nothing to say, and the field is not shown.
 * @property {string} [href] Where the value leads.
 * @property {string} [title]
 * @property {string} [time] RFC 3339; the value says it in words.
 */

/** What is known of something, as labels and values; only what has changed is written, so that the focus stays. */
export class Fields {
  /** @param {HTMLElement} list A `dl`. */
  constructor(list) {
    this.list = list;
    /** @type {Map<string, { row: HTMLElement, value: HTMLElement, key: string }>} */
    this.rows = new Map();
  }

  /** @param {Field[]} fields */
  show(fields) {
    for (const field of fields) this.field(field);
  }

  /** @param {Field} field */
  field({ label, value, href = "", title = "", time = "" }) {
    const row = this.rows.get(label) ?? this.add(label);
    row.row.hidden = value === null || value === "";
    if (value instanceof Node) {
      if (value.parentNode !== row.value) row.value.replaceChildren(value);
      return;
    }
    const key = [value, href, title, time].join("\n");
    if (row.key === key) return;
    row.key = key;
    const known = row.value.firstElementChild;
    if (known && href && known instanceof HTMLAnchorElement) {
      known.href = href;
      known.textContent = value;
    } else if (time) row.value.replaceChildren(h("time", { datetime: time, title }, value));
    else row.value.replaceChildren(href ? h("a", { href }, value) : h("span", { title: title || null }, value));
  }

  /** @param {string} label */
  add(label) {
    const value = h("dd", {});
    const row = h("div", { "data-field": label }, h("dt", {}, label), value);
    this.list.append(row);
    const made = { row, value, key: "" };
    this.rows.set(label, made);
    return made;
  }
}

/** Gigabytes as they are said; nothing for none. @param {number} amount */
export function gigabytes(amount) {
  if (!amount) return "";
  return amount >= 1024 ? `${trimmed(amount / 1024)} TB` : `${trimmed(amount)} GB`;
}

/** @param {number} amount */
function trimmed(amount) {
  return `${Math.round(amount * 10) / 10}`;
}

/**
 * What a producer says of a disk or a network: its own names and values, whatever they are.
 *
 * @param {Record<string, unknown>} part
 * @returns {{ name: string, facts: [string, string][] }}
 */
export function partOf(part) {
  const { name, path, network, adapter_name: adapter, ...rest } = part;
  const [title, ...others] = [name, path, network, adapter].filter((text) => typeof text === "string" && text);
  const facts = Object.entries(rest).flatMap(([label, value]) => fact(label, value));
  return { name: `${title ?? "Unnamed"}`, facts: [...others.flatMap((text) => fact("of", text)), ...facts] };
}

/** @param {string} label @param {unknown} value @returns {[string, string][]} */
function fact(label, value) {
  if (value === null || value === undefined || value === "") return [];
  if (label === "size_gb" && typeof value === "number") return [["size", gigabytes(value)]];
  return [[label.replaceAll("_", " "), typeof value === "object" ? JSON.stringify(value) : `${value}`]];
}
