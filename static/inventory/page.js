import { byId } from "../dashboard/dom.js";
import { Query } from "../dashboard/query.js";
import { showState } from "../dashboard/state-box.js";
import { Expansion } from "./expansion.js";
import { EVERYTHING, filterOf, isFiltered, isSelective } from "./filters.js";
import { flatten } from "./flatten.js";
import { LOOSE, Places, TOP } from "./places.js";
import { Summary } from "./summary.js";
import { Toolbar } from "./toolbar.js";
import { TreeGrid } from "./tree-grid.js";

/** @import { Change, LiveCollection } from "../dashboard/live-collection.js" */
/** @import { Seen } from "../dashboard/seen.js" */
/** @import { Content } from "../dashboard/state-box.js" */
/** @import { Wanted } from "./filters.js" */
/** @import { Tree } from "./flatten.js" */

/**
 * @typedef {object} Parts
 * @property {LiveCollection} inventory
 * @property {Seen} seen
 * @property {{ storage: Storage | null, user: string }} person
 * @property {(shown: number, showAll: (() => void) | undefined) => Content} state What there is instead of rows.
 * @property {(text: string) => void} say To a screen reader.
 */

/** The inventory page: what is known, filtered by the address, as a tree. */
export class InventoryPage {
  /** @param {Parts} parts */
  constructor(parts) {
    this.parts = parts;
    const { inventory, seen, person } = parts;
    inventory.index("state", (data) => (data.kind === "vm" ? data.state : undefined));
    inventory.index("connected", (data) => data.connected);
    this.places = new Places(inventory);
    this.expansion = new Expansion(person);
    this.query = new Query(EVERYTHING, () => this.asked());
    this.toolbar = new Toolbar(byId("tools"), this.query, (open) => this.openAll(open));
    this.summary = new Summary(byId("figures"), byId("lost"), (wanted) => this.want(wanted));
    this.grid = new TreeGrid({
      expansion: this.expansion,
      changed: () => this.show(),
      since: (...seenIn) => seen.since(...seenIn),
    });
    /** Hosts that were lost when it was last said; null before anything was shown. @type {number | null} */
    this.lost = null;
    this.expansion.look(isSelective(this.query.values));
    inventory.onChange((change) => this.changed(change));
    this.show();
  }

  /** @param {number} now */
  tick(now) {
    this.grid.tick();
    this.summary.tick(now);
  }

  /** @param {Change} change */
  changed(change) {
    this.places.apply(change);
    this.show();
    this.sayWhatIsLost();
  }

  /** Another search: begin at the top, and say how much was found. */
  asked() {
    this.expansion.look(isSelective(this.query.values));
    this.grid.toTop();
    const tree = this.show();
    this.parts.say(`${tree.vms} VMs on ${tree.hosts} hosts`);
  }

  /** What a figure counts, without any other filter. @param {Partial<Wanted>} wanted */
  want(wanted) {
    this.query.set({ ...EVERYTHING, ...wanted }, { step: true });
  }

  /** @param {boolean} open */
  openAll(open) {
    const { places } = this;
    const groups = [...places.within(TOP), LOOSE];
    this.expansion.set([...groups, ...groups.flatMap((group) => places.within(group))], open);
    this.show();
  }

  /** @returns {Tree} */
  show() {
    const { inventory, seen, state } = this.parts;
    const { values } = this.query;
    const filtered = isFiltered(values);
    this.expansion.vms = inventory.size;
    const tree = flatten({
      places: this.places,
      get: (id) => inventory.get(id),
      filter: filterOf(values, (id, version) => seen.since(id, version)),
      filtered,
      isOpen: (id, kind) => this.expansion.isOpen(id, kind),
    });
    this.grid.show(tree.lines);
    byId("tree-card").classList.toggle("without-rows", tree.lines.length === 0);
    const clusters = this.places.within(TOP).map((id) => inventory.get(id)?.name ?? "");
    this.toolbar.show(values, { clusters, count: (one) => inventory.count("state", one) });
    this.summary.show(tree.all, this.lostHosts(), this.countChanged());
    byId("found").textContent = this.wordsFor(tree, filtered);
    showState(byId("page-state"), state(tree.lines.length, filtered ? () => this.query.clear() : undefined));
    return tree;
  }

  /** The latest first. */
  lostHosts() {
    const lost = this.parts.inventory.where("connected", false);
    return lost.sort((a, b) => (a.state_changed_at < b.state_changed_at ? 1 : -1));
  }

  /** Hosts and VMs: a cluster changes whenever a host of it does. */
  countChanged() {
    let count = 0;
    for (const id of this.parts.seen.changed(this.parts.inventory)) if (!id.startsWith("cluster:")) count += 1;
    return count;
  }

  /** @param {Tree} tree @param {boolean} filtered */
  wordsFor({ vms, hosts, all }, filtered) {
    if (!filtered) return `${all.vms} VMs on ${all.hosts} hosts`;
    return `${vms} of ${all.vms} VMs, ${hosts} of ${all.hosts} hosts`;
  }

  /** Losing a host is worth interrupting nobody, and worth being heard. */
  sayWhatIsLost() {
    if (this.parts.inventory.phase === "loading") return;
    const [latest, ...others] = this.lostHosts();
    const count = latest ? others.length + 1 : 0;
    if (latest && this.lost !== null && count > this.lost)
      this.parts.say(
        `${latest.hostname} is disconnected. ${count} ${count === 1 ? "host is" : "hosts are"} disconnected.`,
      );
    this.lost = count;
  }
}
