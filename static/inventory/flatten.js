import { LOOSE, TOP } from "./places.js";

/** @import { Data } from "../dashboard/live-collection.js" */
/** @import { Kind, Places } from "./places.js" */
/** @import { filterOf } from "./filters.js" */

/**
 * @typedef {{ vms: number, running: number, problems: number, hosts: number, connected: number }} Counts Of all that is in it.
 *
 * @typedef {object} Line One row of the tree.
 * @property {string} id
 * @property {Kind | "loose"} kind
 * @property {Data | null} data Null for "in no cluster".
 * @property {number} level From 1.
 * @property {boolean | null} open Null where there is nothing to open.
 * @property {number} place Among its siblings that are shown, from 1.
 * @property {number} siblings How many of those there are.
 * @property {Counts} counts
 *
 * @typedef {object} Tree
 * @property {Line[]} lines What can be seen, from top to bottom.
 * @property {Counts} all Of everything, whatever is filtered.
 * @property {number} vms How many VMs are wanted, in closed hosts too.
 * @property {number} hosts How many hosts are shown, in closed clusters too.
 */

/** States that somebody should look at. */
export const PROBLEMS = new Set(["Paused", "Unknown"]);

/** @returns {Counts} */
export function noCounts() {
  return { vms: 0, running: 0, problems: 0, hosts: 0, connected: 0 };
}

/**
 * Return the rows of the tree.
 *
 * A host is shown when it is wanted itself or one of its VMs is, a cluster when one of its hosts is, or when nothing
 * is left out.
 *
 * @param {object} source
 * @param {Places} source.places
 * @param {(id: string) => Data | undefined} source.get
 * @param {ReturnType<typeof filterOf>} source.filter
 * @param {boolean} source.filtered Whether anything is left out: then a cluster without hosts is, too.
 * @param {(id: string, kind: string) => boolean} source.isOpen
 * @returns {Tree}
 */
export function flatten(source) {
  /** @type {Tree} */
  const tree = { lines: [], all: noCounts(), vms: 0, hosts: 0 };
  /** @type {Line[]} */
  const shown = [];
  for (const id of [...source.places.within(TOP), LOOSE]) {
    const line = group(source, tree, id);
    if (line) shown.push(line);
  }
  number(shown);
  return tree;
}

/** @param {Parameters<typeof flatten>[0]} source @param {Tree} tree @param {string} id @returns {Line | null} */
function group(source, tree, id) {
  const data = source.get(id) ?? null;
  const members = source.places.within(id);
  if (id === LOOSE && members.length === 0) return null;
  const kind = id === LOOSE ? "loose" : "cluster";
  const line = lineOf(id, kind, data, 1);
  const start = tree.lines.push(line);
  line.open = source.isOpen(id, kind);
  const admitted = source.filter.cluster(data?.name ?? null);
  const hosts = members.flatMap((member) => host(source, tree, line, member, admitted) ?? []);
  add(tree.all, line.counts);
  const wanted = hosts.length > 0 || (admitted && !source.filtered);
  if (!wanted) tree.lines.length = start - 1;
  else if (!line.open) tree.lines.length = start;
  if (members.length === 0) line.open = null;
  tree.hosts += hosts.length;
  number(hosts);
  return wanted ? line : null;
}

/**
 * @param {Parameters<typeof flatten>[0]} source @param {Tree} tree @param {Line} above @param {string} id
 * @param {boolean} admitted Whether the cluster is wanted.
 * @returns {Line | null}
 */
function host({ places, get, filter, isOpen }, tree, above, id, admitted) {
  const data = /** @type {Data} */ (get(id));
  const members = places.within(id);
  const line = lineOf(id, "host", data, 2);
  const named = filter.names(data);
  const vms = [];
  for (const member of members) {
    const vm = /** @type {Data} */ (get(member));
    count(line.counts, vm);
    if (filter.vm(member, vm, named)) vms.push(member);
  }
  line.counts.hosts = 1;
  line.counts.connected = data.connected ? 1 : 0;
  add(above.counts, line.counts);
  if (!admitted || !filter.admits(data) || !(vms.length > 0 || filter.host(id, data))) return null;
  tree.vms += vms.length;
  line.open = vms.length > 0 ? isOpen(id, "host") : null;
  tree.lines.push(line);
  if (line.open) tree.lines.push(...number(vms.map((vm) => lineOf(vm, "vm", get(vm) ?? null, 3))));
  return line;
}

/** @param {string} id @param {Line["kind"]} kind @param {Data | null} data @param {number} level @returns {Line} */
function lineOf(id, kind, data, level) {
  return { id, kind, data, level, open: null, place: 1, siblings: 1, counts: kind === "vm" ? NONE : noCounts() };
}

/** @param {Line[]} lines */
function number(lines) {
  lines.forEach((line, index) => {
    line.place = index + 1;
    line.siblings = lines.length;
  });
  return lines;
}

/** @param {Counts} counts @param {Data} vm */
function count(counts, vm) {
  counts.vms += 1;
  if (vm.state === "Running") counts.running += 1;
  if (PROBLEMS.has(vm.state)) counts.problems += 1;
}

/** @param {Counts} total @param {Counts} part */
function add(total, part) {
  for (const name of /** @type {(keyof Counts)[]} */ (Object.keys(total))) total[name] += part[name];
}

/** @type {Counts} */
export const NONE = Object.freeze(noCounts());
