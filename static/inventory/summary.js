import { h, icon } from "../dashboard/dom.js";
import { absolute, ago } from "../dashboard/time.js";
import { addressOf } from "./tree-row.js";

/** @import { Data } from "../dashboard/live-collection.js" */
/** @import { Counts } from "./flatten.js" */
/** @import { Wanted } from "./filters.js" */
/** @typedef {{ name: string, label: string, icon: string, tone: string, value: string, note: string, wanted: Partial<Wanted> }} Tile */

/** Lost hosts that are named; of the others there is a number. */
const NAMED = 4;

/** What one sees at a glance: figures, each of which leads to what it counts, and the hosts that are lost. */
export class Summary {
  /** @param {HTMLElement} tiles @param {HTMLElement} lost @param {(wanted: Partial<Wanted>) => void} want */
  constructor(tiles, lost, want) {
    this.tiles = tiles;
    this.lost = lost;
    this.want = want;
    /** @type {Map<string, { element: HTMLButtonElement, value: HTMLElement, note: HTMLElement, label: HTMLElement }>} */
    this.shown = new Map();
    /** @type {Map<HTMLTimeElement, string>} */
    this.times = new Map();
    this.key = "";
  }

  /** @param {Counts} counts @param {Data[]} lost Hosts, the latest first. @param {number} changed */
  show(counts, lost, changed) {
    for (const tile of tilesOf(counts, changed)) this.tile(tile);
    const key = lost.map(({ id, version }) => `${id} ${version}`).join("\n");
    if (key === this.key) return;
    this.key = key;
    this.lost.hidden = lost.length === 0;
    this.times.clear();
    const more = lost.length - NAMED;
    const rest = h(
      "button",
      {
        type: "button",
        class: "button quiet",
        "data-testid": "all-lost",
        click: () => this.want({ hosts: "disconnected" }),
      },
      more > 0 ? `and ${more} more` : "Show in the tree",
    );
    const title = lost.length === 1 ? "1 host is disconnected" : `${lost.length} hosts are disconnected`;
    this.lost.replaceChildren(
      h("h2", {}, icon("unplugged"), title),
      h("ul", {}, ...lost.slice(0, NAMED).map((host) => this.item(host)), h("li", {}, rest)),
    );
    this.tick(Date.now());
  }

  /** @param {number} now */
  tick(now) {
    for (const [element, at] of this.times) element.textContent = ago(at, now);
  }

  /** @param {Data} host */
  item(host) {
    const time = h("time", { datetime: host.state_changed_at, title: absolute(host.state_changed_at) });
    this.times.set(time, host.state_changed_at);
    const name = h("a", { href: addressOf({ kind: "host", data: host }) }, host.hostname);
    return h("li", { "data-testid": "lost-host", title: host.error ?? "" }, name, time);
  }

  /** @param {Tile} tile */
  tile({ name, label, icon: sign, tone, value, note, wanted }) {
    const parts = this.shown.get(name) ?? this.make(name, label, sign, wanted);
    parts.element.dataset.tone = tone;
    if (parts.value.textContent !== value) parts.value.textContent = value;
    if (parts.note.textContent !== note) parts.note.textContent = note;
  }

  /** @param {string} name @param {string} label @param {string} sign @param {Partial<Wanted>} wanted */
  make(name, label, sign, wanted) {
    const parts = {
      label: h("span", { class: "figure-label" }, icon(sign), label),
      value: h("span", { class: "figure-value" }),
      note: h("span", { class: "figure-note" }),
    };
    const element = h(
      "button",
      { type: "button", class: "figure-tile", "data-testid": `tile-${name}`, click: () => this.want(wanted) },
      ...Object.values(parts),
    );
    this.tiles.append(element);
    const made = { ...parts, element };
    this.shown.set(name, made);
    return made;
  }
}

/** @param {Counts} counts @param {number} changed @returns {Tile[]} */
export function tilesOf({ hosts, connected, vms, running, problems }, changed) {
  const lost = hosts - connected;
  return [
    {
      name: "hosts",
      label: "Hosts",
      icon: lost ? "unplugged" : "host",
      tone: lost ? "bad" : "good",
      value: `${connected} / ${hosts}`,
      note: lost ? `${lost} disconnected` : "all connected",
      wanted: { hosts: lost ? "disconnected" : "" },
    },
    {
      name: "vms",
      label: "VMs running",
      icon: "vm",
      tone: "plain",
      value: `${running} / ${vms}`,
      note: `${vms - running} in other states`,
      wanted: { state: ["Running"] },
    },
    {
      name: "problems",
      label: "Need a look",
      icon: "warning",
      tone: problems ? "warn" : "good",
      value: `${problems}`,
      note: problems ? "paused, or nobody knows" : "no VM is paused or unknown",
      wanted: { state: ["Paused", "Unknown"] },
    },
    {
      name: "changed",
      label: "Changed",
      icon: "clock",
      tone: changed ? "busy" : "plain",
      value: `${changed}`,
      note: "since you were here",
      wanted: { changed: "1" },
    },
  ];
}
