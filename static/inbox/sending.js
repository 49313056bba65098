import { batch } from "./api.js";

/** @import { Verb } from "./verbs.js" */

/** @typedef {{ failed: string[], error: Error | null }} Outcome Which of them were not done, and why. */

/** Notifications in one request: a busy server, too, is to answer before the page gives up. */
const CHUNK = 200;
/** Requests at a time, where each is about one. */
const ABREAST = 4;

/**
 * Do something with many notifications, in parts.
 *
 * @param {Verb} verb
 * @param {readonly string[]} ids
 * @param {object} how
 * @param {string} [how.until]
 * @param {(ids: readonly string[]) => void} how.done Called with each part that the server has confirmed.
 * @param {() => boolean} how.stopped Whether the person no longer wants the rest.
 * @returns {Promise<Outcome>} Never rejects.
 */
export async function send(verb, ids, { until, done, stopped }) {
  const together = verb.batch !== undefined && ids.length > 1;
  const size = together ? CHUNK : ABREAST;
  /** @type {Outcome} */
  const outcome = { failed: [], error: null };
  for (let at = 0; at < ids.length; at += size) {
    const part = ids.slice(at, at + size);
    if (stopped()) outcome.failed.push(...part);
    else if (together) await attempt(part, () => batch(/** @type {string} */ (verb.batch), part), done, outcome);
    else await Promise.all(part.map((id) => attempt([id], () => verb.one(id, until), done, outcome)));
  }
  return outcome;
}

/** @param {string[]} ids @param {() => Promise<any>} ask @param {(ids: readonly string[]) => void} done @param {Outcome} outcome */
async function attempt(ids, ask, done, outcome) {
  try {
    await ask();
    done(ids);
  } catch (error) {
    // Somebody else deleted it meanwhile: what was wanted of it is of no matter.
    if (/** @type {any} */ (error).status === 404) return done(ids);
    outcome.failed.push(...ids);
    outcome.error = /** @type {Error} */ (error);
  }
}
