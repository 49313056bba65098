/** @import { WebSocketClient } from "../websocket.js" */
/** @import { Message, Position, Status } from "../realtime/types.js" */

/**
 * What somebody does with topics.
 *
 * @typedef {object} Follower
 * @property {string[]} topics As subscribed: `inventory`, `jobs:7`.
 * @property {string[]} types Of their publications: `inventory`, `job`.
 * @property {(data: any, position: Position | null, topic: string) => void} snapshot Replaces what is held of the topic.
 * @property {(message: Message) => void} publication
 * @property {() => void} [live] What was missed has come, and what happens from now on comes too. May come again.
 * @property {(status: Status) => void} [lost] There is no connection.
 * @property {(topic: string) => void} [denied] The person may not follow this topic, or no longer.
 */

/**
 * Follow topics with their state, over whatever the client is connected.
 *
 * Publications of one type come to all who follow it; whoever follows `jobs:7` beside somebody who follows `jobs` looks
 * at `job_id`.
 *
 * @param {WebSocketClient} client
 * @param {Follower} follower
 * @returns {() => void} What undoes it.
 */
export function followTopics(client, { topics, types, snapshot, publication, live, lost, denied }) {
  const ours = (/** @type {string} */ topic) => topics.includes(topic);
  const undo = [
    client.on("snapshot", ({ topic, data, positions }) => {
      if (ours(topic)) snapshot(data ?? {}, positions?.[topic] ?? null, topic);
    }),
    ...types.map((type) => client.on(type, publication)),
    client.on("subscription", (message) => {
      for (const { topic } of message.denied ?? []) if (ours(topic)) denied?.(topic);
      if (message.status === "subscribed" && message.topics.some(ours)) live?.();
    }),
    client.onConnectionStatus((status) => status !== "connected" && lost?.(status)),
  ];
  client.subscribe(topics, { snapshot: true });
  return () => {
    for (const one of undo) one();
    client.unsubscribe(topics);
  };
}
