/**
 * What a page is asked to show, kept in its address, so that a view can be reloaded, kept and sent.
 *
 * @typedef {Record<string, string | string[]>} Values A list is written as one parameter several times.
 */

/** Return what the address says, with *defaults* for the rest; a parameter that is none of these is left alone.
 * @template {Values} T @param {string} search @param {T} defaults @returns {T} */
export function parsed(search, defaults) {
  const parameters = new URLSearchParams(search);
  const values = Object.entries(defaults).map(([name, value]) => {
    if (!parameters.has(name)) return [name, value];
    return [name, Array.isArray(value) ? parameters.getAll(name).filter(Boolean) : (parameters.get(name) ?? "")];
  });
  return Object.fromEntries(values);
}

/** Return *search* with *values* in it; what is as in *defaults* goes out. @template {Values} T
 * @param {string} search @param {T} values @param {T} defaults @returns {string} Empty, or with its question mark. */
export function written(search, values, defaults) {
  const parameters = new URLSearchParams(search);
  for (const [name, value] of Object.entries(values)) {
    parameters.delete(name);
    const plain = defaults[name];
    if (`${value}` === `${plain}`) continue;
    // An empty list that is not the default has to be said, too.
    const all = Array.isArray(value) ? (value.length > 0 ? value : [""]) : [value];
    for (const one of all) parameters.append(name, one);
  }
  const text = parameters.toString();
  return text ? `?${text}` : "";
}

/**
 * The filters of a page, in step with its address both ways.
 *
 * @template {Values} T
 */
export class Query {
  /**
   * @param {T} defaults
   * @param {(values: T) => void} changed Called after each change, also when the person goes back or forward.
   */
  constructor(defaults, changed) {
    this.defaults = defaults;
    this.changed = changed;
    this.values = parsed(location.search, defaults);
    addEventListener("popstate", () => {
      this.values = parsed(location.search, defaults);
      changed(this.values);
    });
  }

  /** Whether anything is filtered. */
  get isPlain() {
    return written("", this.values, this.defaults) === "";
  }

  /**
   * Change some of the values.
   *
   * @param {Partial<T>} values
   * @param {{ step?: boolean }} [how] Whether "Back" undoes it; typing should not be undone letter by letter.
   */
  set(values, { step = false } = {}) {
    this.values = { ...this.values, ...values };
    const address = `${location.pathname}${written(location.search, this.values, this.defaults)}${location.hash}`;
    if (step) history.pushState(null, "", address);
    else history.replaceState(null, "", address);
    this.changed(this.values);
  }

  /** Show everything again. */
  clear() {
    this.set(this.defaults, { step: true });
  }
}
