/** @import { Data } from "./live-collection.js" */

/** @typedef {{ valueIn: (data: Data) => unknown, ids: Map<unknown, Set<string>> }} Group */

/** @type {ReadonlySet<string>} */
const NONE = new Set();

/** Ids by what is said of their objects, kept up to date as those change: the VMs of a host without a walk over all. */
export class Groups {
  constructor() {
    /** @type {Map<string, Group>} */
    this.groups = new Map();
  }

  /** @param {string} name @param {(data: Data) => unknown} valueIn @param {Map<string, { data: Data }>} entries What is there. */
  add(name, valueIn, entries) {
    this.groups.set(name, { valueIn, ids: new Map() });
    for (const [id, { data }] of entries) this.move(id, data, data);
  }

  /** @param {string} name @param {unknown} value @returns {ReadonlySet<string>} Raises where there is no such index. */
  of(name, value) {
    const group = this.groups.get(name);
    if (!group) throw new Error(`There is no index "${name}".`);
    return group.ids.get(value) ?? NONE;
  }

  /** @param {string} id @param {Data | undefined} before @param {Data | undefined} after */
  move(id, before, after) {
    for (const { valueIn, ids } of this.groups.values()) {
      if (before) leave(ids, valueIn(before), id);
      if (after) enter(ids, valueIn(after), id);
    }
  }

  clear() {
    for (const { ids } of this.groups.values()) ids.clear();
  }
}

/** @param {Map<unknown, Set<string>>} ids @param {unknown} value @param {string} id */
function enter(ids, value, id) {
  const group = ids.get(value) ?? new Set();
  ids.set(value, group.add(id));
}

/** @param {Map<unknown, Set<string>>} ids @param {unknown} value @param {string} id */
function leave(ids, value, id) {
  const group = ids.get(value);
  group?.delete(id);
  if (group?.size === 0) ids.delete(value);
}
