import { followTopics } from "./topic-feed.js";

/** @import { LiveCollection } from "./live-collection.js" */
/** @import { Shell } from "./shell.js" */

/**
 * Keep a collection in step with topics: their snapshots and publications while there is a connection, and the REST API
 * while there is none.
 *
 * One collection is one topic's state. For a part of it, as `jobs:7` is of `jobs`, make a collection of its own whose
 * `id` knows what belongs to it.
 *
 * @param {Pick<Shell, "client" | "join">} shell
 * @param {LiveCollection} collection
 * @param {{ topic: string, type: string, load: () => Promise<any> }} source `load` asks the REST API for the whole state.
 * @returns {{ reload: () => Promise<void> }} For a button that tries again.
 */
export function keepLive(shell, collection, { topic, type, load }) {
  const { client } = shell;
  const reload = async () => {
    const { turn } = collection;
    try {
      const state = await load();
      if (!client.isConnected()) collection.replace(state, null, turn);
    } catch (error) {
      if (!client.isConnected()) collection.fail(/** @type {Error} */ (error));
    }
  };
  followInto(shell, collection, {
    topic,
    type,
    reload,
    denied: () => collection.refuse(new Error("Your account may not see this.")),
  });
  return { reload };
}

/**
 * Bring a topic's snapshots and publications into a collection; where there is no connection, `reload` is to do it.
 *
 * @param {Pick<Shell, "client" | "join">} shell
 * @param {LiveCollection} collection
 * @param {{ topic: string, type: string, reload: () => Promise<void>, denied: () => void }} source
 * @returns {() => void} Stop it.
 */
export function followInto(shell, collection, { topic, type, reload, denied }) {
  const unfollow = followTopics(shell.client, {
    topics: [topic],
    types: [type],
    snapshot: (data, position) => collection.replace(data, position),
    publication: (message) => collection.receive(message),
    live: () => collection.live(),
    lost: (status) => {
      collection.lost();
      if (collection.phase === "loading" && (status === "reconnecting" || status === "failed")) reload();
    },
    denied,
  });
  const leave = shell.join({ poll: reload });
  return () => {
    unfollow();
    leave();
  };
}
