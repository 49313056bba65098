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
  followTopics(client, {
    topics: [topic],
    types: [type],
    snapshot: (data, position) => collection.replace(data, position),
    publication: (message) => collection.receive(message),
    live: () => collection.live(),
    lost: (status) => {
      collection.lost();
      if (collection.phase === "loading" && (status === "reconnecting" || status === "failed")) reload();
    },
    denied: () => collection.refuse(new Error("Your account may not see this.")),
  });
  shell.join({ poll: reload });
  return { reload };
}
