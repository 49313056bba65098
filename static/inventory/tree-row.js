import { changedMark } from "../dashboard/changed-mark.js";
import { button, h, icon } from "../dashboard/dom.js";
import { StateChip } from "../dashboard/state-chip.js";
import { absolute, ago } from "../dashboard/time.js";
import { nameOf } from "./places.js";

/** @import { Line } from "./flatten.js" */

/**
 * @typedef {object} Means What a row needs to know.
 * @property {(id: string, version: number) => "new" | "changed" | null} since
 * @property {(line: Line) => void} toggle
 * @property {() => number} now
 */

const ICONS = { cluster: "cluster", loose: "question", host: "host", vm: "vm" };

/** One row of the tree, filled with one line after another. A state that changes under the reader lights up once. */
export class TreeRow {
  /** @param {Means} means */
  constructor(means) {
    this.means = means;
    /** @type {Line | null} */
    this.line = null;
    this.twist = button("twist", "twist", () => this.line && means.toggle(this.line), icon("chevron-right"));
    this.twist.tabIndex = -1;
    this.twist.setAttribute("aria-hidden", "true");
    this.kind = h("span", { class: "tree-kind" });
    this.link = h("a", { class: "tree-link", tabindex: "-1" });
    this.text = h("span", { class: "tree-text" });
    this.mark = h("span", { class: "tree-mark" });
    this.sub = h("span", { class: "tree-sub" });
    this.chips = { vm: new StateChip("vm"), host: new StateChip("host") };
    this.state = h("span", { class: "tree-state", role: "gridcell" });
    this.about = h("span", { class: "tree-about", role: "gridcell" });
    this.size = h("span", { class: "tree-size", role: "gridcell" });
    this.time = h("time", {});
    const when = h("span", { class: "tree-when", role: "gridcell" }, this.time);
    const words = h(
      "span",
      { class: "tree-words" },
      h("span", { class: "tree-top" }, this.link, this.text, this.mark),
      this.sub,
    );
    const name = h("span", { class: "tree-name", role: "gridcell" }, this.twist, this.kind, words);
    this.element = h(
      "div",
      { class: "tree-row", "data-testid": "tree-row" },
      name,
      this.state,
      this.about,
      this.size,
      when,
    );
    this.element.addEventListener("animationend", () => delete this.element.dataset.flash);
  }

  /** @param {Line} line */
  fill(line) {
    const before = this.line;
    this.line = line;
    this.place(line);
    const since = line.data && line.kind !== "cluster" ? this.means.since(line.id, line.data.version) : null;
    if (before?.id !== line.id || this.mark.dataset.since !== `${since}`) this.show(since);
    this.tick();
    const same = before?.id === line.id;
    if (same && before?.data === line.data && before?.counts === line.counts) return;
    if (!same) delete this.element.dataset.flash;
    else if (stateIn(before) !== stateIn(line)) this.flash();
    this.write(line);
  }

  /** @param {Line} line */
  place({ level, open, place, siblings }) {
    const { element } = this;
    const said = {
      level: `${level}`,
      posinset: `${place}`,
      setsize: `${siblings}`,
      expanded: open === null ? "" : `${open}`,
    };
    for (const [name, value] of Object.entries(said)) {
      if (value === "") element.removeAttribute(`aria-${name}`);
      else if (element.getAttribute(`aria-${name}`) !== value) element.setAttribute(`aria-${name}`, value);
    }
    this.twist.hidden = open === null;
  }

  /** @param {"new" | "changed" | null} since */
  show(since) {
    this.mark.dataset.since = `${since}`;
    this.mark.replaceChildren(changedMark(since) ?? "");
  }

  /** @param {Line} line */
  write(line) {
    const { element } = this;
    const { kind, data } = line;
    const name = data ? nameOf(data) : "In no cluster";
    element.dataset.kind = kind;
    element.dataset.id = line.id;
    if (this.kind.dataset.icon !== ICONS[kind]) this.kind.replaceChildren(icon(ICONS[kind]));
    this.kind.dataset.icon = ICONS[kind];
    const address = addressOf(line);
    this.link.hidden = address === "";
    this.text.hidden = address !== "";
    if (address) this.link.href = address;
    (address ? this.link : this.text).textContent = name;
    element.title = name;
    element.dataset.trouble = `${kind === "host" && data?.connected === false}`;
    if (kind === "vm" || kind === "host") this.single(line);
    else this.summed(line);
  }

  /** @param {Line} line */
  single({ kind, data, counts }) {
    const chip = kind === "vm" ? this.chips.vm : this.chips.host;
    chip.show(kind === "vm" ? data?.state : data?.connected ? "connected" : "disconnected");
    if (chip.element.parentElement !== this.state) this.state.replaceChildren(chip.element);
    const host = `${counts.running} of ${counts.vms} VMs running`;
    this.about.textContent = kind === "vm" ? (data?.os_name ?? data?.os_family ?? "") : host;
    this.size.textContent = kind === "vm" ? (data?.ip_address ?? "") : "";
    this.sub.textContent = kind === "vm" ? [data?.ip_address, data?.os_name].filter(Boolean).join(" · ") : host;
    this.time.dateTime = data?.state_changed_at ?? "";
    this.time.title = data?.state_changed_at ? `In this state since ${absolute(data.state_changed_at)}` : "";
    this.tick();
  }

  /** @param {Line} line */
  summed({ counts }) {
    const hosts = h("span", { class: "tally", "data-tone": counts.connected < counts.hosts ? "bad" : "plain" });
    if (counts.connected < counts.hosts) hosts.append(icon("unplugged"));
    hosts.append(`${counts.connected} of ${counts.hosts} hosts connected`);
    this.state.replaceChildren(hosts);
    this.about.textContent = `${counts.running} of ${counts.vms} VMs running`;
    this.size.textContent = "";
    this.sub.textContent = `${counts.connected}/${counts.hosts} hosts · ${counts.running}/${counts.vms} VMs running`;
    this.time.textContent = "";
    this.time.removeAttribute("datetime");
    this.time.title = "";
  }

  /** Let the relative time be right. */
  tick() {
    const at = this.line?.data?.state_changed_at;
    const text = at && this.line?.kind !== "cluster" ? ago(at, this.means.now()) : "";
    if (this.time.textContent !== text) this.time.textContent = text;
  }

  /** Light up, also where it is alight: another name begins the animation anew. */
  flash() {
    this.element.dataset.flash = this.element.dataset.flash === "a" ? "b" : "a";
  }
}

/** Where an object's own page is. @param {Pick<Line, "kind" | "data">} line */
export function addressOf({ kind, data }) {
  if (!data || (kind !== "vm" && kind !== "host")) return "";
  return `/inventory/${kind}s/${encodeURIComponent(data.id)}`;
}

/** @param {Line | null} line */
function stateIn(line) {
  return line?.data?.state ?? line?.data?.connected;
}
