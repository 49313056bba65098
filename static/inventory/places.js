/** @import { Change, Data, LiveCollection } from "../dashboard/live-collection.js" */

/** The page's ids are `vm:7`; what comes before the first colon is the kind. @typedef {"cluster" | "host" | "vm"} Kind */

/** The parent of what is in no cluster. */
export const LOOSE = "loose:";
/** The parent of the clusters. */
export const TOP = "";

const compare = new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare;

/**
 * Who is in what, in order: the clusters by name, the hosts of each, the VMs of each host.
 *
 * A change costs as much as the hosts that it is about have VMs. What is on a host that is not known is not shown: the
 * server sends a host before what is on it.
 */
export class Places {
  /** @param {Pick<LiveCollection, "get" | "versions">} collection */
  constructor(collection) {
    this.collection = collection;
    /** @type {Map<string, { parent: string, name: string }>} */
    this.known = new Map();
    /** @type {Map<string, Set<string>>} */
    this.members = new Map();
    /** @type {Map<string, string[]>} In order; made again when somebody asks. */
    this.sorted = new Map();
  }

  /** Take over what has changed. @param {Pick<Change, "ids">} change */
  apply({ ids }) {
    for (const id of ids) this.move(id, this.collection.get(id));
  }

  /** The ids of what is in *parent*, by name. @param {string} parent @returns {string[]} */
  within(parent) {
    const found = this.sorted.get(parent) ?? [...(this.members.get(parent) ?? [])].sort((a, b) => this.order(a, b));
    this.sorted.set(parent, found);
    return found;
  }

  /** @param {string} id @param {Data | undefined} data */
  move(id, data) {
    const before = this.known.get(id);
    const after = data && { parent: parentOf(data), name: nameOf(data) };
    if (before?.parent === after?.parent && before?.name === after?.name) return;
    if (before) this.leave(id, before.parent);
    if (!after) {
      this.known.delete(id);
      return;
    }
    this.known.set(id, after);
    this.members.set(after.parent, (this.members.get(after.parent) ?? new Set()).add(id));
    this.sorted.delete(after.parent);
  }

  /** @param {string} id @param {string} parent */
  leave(id, parent) {
    this.members.get(parent)?.delete(id);
    this.sorted.delete(parent);
  }

  /** @param {string} a @param {string} b */
  order(a, b) {
    return compare(this.known.get(a)?.name ?? "", this.known.get(b)?.name ?? "") || (a < b ? -1 : 1);
  }
}

/** What an object is called. @param {Data} data @returns {string} */
export function nameOf(data) {
  return data.kind === "host" ? data.hostname : data.name;
}

/** @param {Data} data @returns {string} */
function parentOf(data) {
  if (data.kind === "vm") return `host:${data.host}`;
  if (data.kind === "host") return data.cluster === null ? LOOSE : `cluster:${data.cluster}`;
  return TOP;
}
