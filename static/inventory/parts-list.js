import { h } from "../dashboard/dom.js";
import { partOf } from "./fields.js";

/** A VM's disks or networks; written again where they have changed, since nothing in them takes the focus. */
export class PartsList {
  /** @param {HTMLElement} card @param {HTMLElement} list */
  constructor(card, list) {
    this.card = card;
    this.list = list;
    this.key = "";
  }

  /** @param {Record<string, unknown>[]} parts */
  show(parts) {
    const key = JSON.stringify(parts);
    this.card.hidden = parts.length === 0;
    if (key === this.key) return;
    this.key = key;
    this.list.replaceChildren(...parts.map((part) => row(part)));
  }
}

/** @param {Record<string, unknown>} part */
function row(part) {
  const { name, facts } = partOf(part);
  const words = facts.map(([label, value]) => h("span", {}, h("span", { class: "muted" }, `${label} `), value));
  return h("li", { class: "part" }, h("strong", {}, name), h("span", { class: "part-facts" }, ...words));
}
