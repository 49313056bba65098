import { matcher } from "../dashboard/search-box.js";

/** @import { Data } from "../dashboard/live-collection.js" */

/**
 * What the address asks for.
 *
 * @typedef {object} Wanted
 * @property {string} q
 * @property {string[]} state Of VMs; any where it is empty.
 * @property {string} cluster A name; any where it is empty.
 * @property {string} hosts `connected`, `disconnected`, or empty for any.
 * @property {string} changed `1`: only what has changed since the person last looked.
 */

/** @type {Wanted} */
export const EVERYTHING = { q: "", state: [], cluster: "", hosts: "", changed: "" };

/** @type {WeakMap<Data, string>} An object that changes is another one, so its text never has to be made again. */
const texts = new WeakMap();

/** Whether only some VMs or hosts are looked for, so that the way to each has to be open. @param {Wanted} wanted */
export function isSelective({ q, state, changed }) {
  return q !== "" || state.length > 0 || changed !== "";
}

/** Whether anything is left out. @param {Wanted} wanted */
export function isFiltered(wanted) {
  return isSelective(wanted) || wanted.cluster !== "" || wanted.hosts !== "";
}

/**
 * Make what says whether an object itself is wanted; what it is in is asked about by itself.
 *
 * A VM is found by its name, its id, its addresses, its system, and the host that it is on.
 *
 * @param {Wanted} wanted
 * @param {(id: string, version: number) => unknown} since Whether it has changed, as `Seen` says it.
 */
export function filterOf(wanted, since) {
  const { state, changed, cluster, hosts } = wanted;
  const matches = matcher(wanted.q);
  const states = new Set(state);
  const names = (/** @type {Data} */ data) => wanted.q === "" || matches(textOf(data));
  const isNews = (/** @type {string} */ id, /** @type {Data} */ data) =>
    changed === "" || Boolean(since(id, data.version));
  return {
    /** @param {string | null} name */
    cluster: (name) => cluster === "" || cluster === name,
    /** @param {Data} data */
    admits: (data) => hosts === "" || (hosts === "connected") === data.connected,
    names,
    /** @param {string} id @param {Data} data */
    host: (id, data) => states.size === 0 && names(data) && isNews(id, data),
    /** What is looked for by its host's name is all that is on it. @param {string} id @param {Data} data @param {boolean} named */
    vm: (id, data, named) =>
      (states.size === 0 || states.has(data.state)) && (named || names(data)) && isNews(id, data),
  };
}

/** @param {Data} data */
function textOf(data) {
  const known = texts.get(data);
  if (known !== undefined) return known;
  const { id, name, host, os_name: system, os_family: family, error, cluster } = data;
  const parts = data.kind === "vm" ? [name, id, host, system, family, addressesOf(data)] : [id, cluster, error];
  const text = parts.flat().filter(Boolean).join("\n").toLowerCase();
  texts.set(data, text);
  return text;
}

/** All addresses of a VM, each once. @param {Data} vm @returns {string[]} */
export function addressesOf({ ip_address: first, ip_addresses: all }) {
  return [...new Set([first, ...(all ?? [])])].filter(Boolean);
}
