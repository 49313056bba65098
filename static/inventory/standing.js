import { get } from "../dashboard/api.js";
import { coalesced } from "../dashboard/dom.js";
import { followInto } from "../dashboard/keep-live.js";
import { LiveCollection } from "../dashboard/live-collection.js";
import { inWords } from "../dashboard/state-box.js";

/** @import { Data } from "../dashboard/live-collection.js" */
/** @import { Shell } from "../dashboard/shell.js" */
/** @import { Content } from "../dashboard/state-box.js" */

/** @typedef {"loading" | "there" | "gone" | "missing" | "error"} Standing `gone`: it was there, and no longer is. */

/**
 * One object that a page is about: what is known of it, and what was last known when it is no longer there.
 */
export class Subject {
  /** @param {LiveCollection} collection It is in. @param {string} id As the collection says it. */
  constructor(collection, id) {
    this.collection = collection;
    this.id = id;
    /** @type {Data | null} What is known, or was last known. */
    this.data = null;
  }

  /** @returns {Standing} */
  look() {
    const { collection, id } = this;
    const found = collection.get(id);
    if (found) {
      this.data = found;
      return "there";
    }
    if (collection.phase === "loading") return "loading";
    if (collection.phase === "error" && /** @type {any} */ (collection.error)?.status !== 404) return "error";
    return this.data ? "gone" : "missing";
  }
}

/**
 * What the page has instead of the object; where it is gone, what was last known of it stays below.
 *
 * @param {Standing} standing
 * @param {{ what: string, error: Error | null, reload: () => void }} words
 * @returns {Content}
 */
export function standingState(standing, { what, error, reload }) {
  const action = { words: "Look again", run: reload };
  if (standing === "loading") return { kind: "loading" };
  if (standing === "there") return { kind: "none" };
  if (standing === "missing")
    return inWords("question", `There is no such ${what}`, "It was never reported, or it is deleted.", action);
  if (standing === "gone")
    return inWords(
      "trash",
      `This ${what} is gone`,
      "It was deleted, or its host reports it no longer. This is what was last known.",
    );
  return inWords("plug", "Nothing could be loaded", error?.message ?? "The server cannot be reached.", action);
}

/**
 * Follow one object of the inventory by its own topic: a page of one VM needs no other.
 *
 * @param {Shell} shell
 * @param {"vm" | "host"} kind
 * @param {string} id
 * @param {() => void} changed
 * @returns {{ subject: Subject, reload: () => Promise<void>, stop: () => void }}
 */
export function followOne(shell, kind, id, changed) {
  const key = `${kind}:${id}`;
  const collection = new LiveCollection({
    schedule: coalesced,
    // Publications of others come here too, where the page follows them.
    id: (data) => (data.kind === kind && data.id === id ? key : undefined),
  });
  const subject = new Subject(collection, key);
  collection.onChange(changed);
  const reload = async () => {
    const { turn } = collection;
    try {
      collection.replace(await get(`/api/v1/inventory/${kind}s/${encodeURIComponent(id)}`), null, turn);
    } catch (error) {
      // What is not there is told by its own state, whatever was known before.
      if (/** @type {any} */ (error).status === 404) collection.refuse(/** @type {Error} */ (error));
      else collection.fail(/** @type {Error} */ (error));
    }
  };
  // What is not there is refused just as what one may not see; the API tells which it is.
  const stop = followInto(shell, collection, {
    topic: `inventory:${key}`,
    type: "inventory",
    reload,
    denied: reload,
  });
  return { subject, reload, stop };
}
