/** @import { Message } from "./types.js" */

/**
 * Say whether a message is for a page that follows *wanted*, where the connection follows more than that.
 *
 * It says what the server would: an object's own messages come to those who follow it or the whole, its output only to
 * those who named it. What names no topic is for everybody.
 *
 * @param {ReadonlySet<string>} wanted
 * @param {Message} message
 */
export function concerns(wanted, message) {
  if (message.type === "subscription") return subscriptionConcerns(wanted, message);
  const { topic, job_id: object } = message;
  if (typeof topic !== "string") return true;
  const named = [...wanted].filter((name) => name.startsWith(`${topic}:`));
  const byName = object === undefined ? named.length > 0 : named.includes(`${topic}:${object}`);
  if (message.action === "output") return byName;
  return byName || wanted.has(topic) || wanted.has("all");
}

/** @param {ReadonlySet<string>} wanted @param {Message} message */
function subscriptionConcerns(wanted, { topics = [], denied = [] }) {
  const names = [...topics, ...denied.map((/** @type {{ topic: string }} */ one) => one.topic)];
  return names.some((name) => wanted.has(name)) || wanted.has("all");
}
