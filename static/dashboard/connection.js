/** @import { Status, Transport } from "../realtime/types.js" */

/** @type {Record<Transport, [string, string]>} What a connection is called, and what it means for the person. */
const OVER = {
  websocket: ["Connected", "Changes appear here the moment they happen."],
  sse: [
    "Connected, over server-sent events",
    "WebSocket does not get through, so changes come as a stream over HTTP, just as soon.",
  ],
  poll: [
    "Connected, by polling",
    "Neither WebSocket nor a stream gets through, so this page keeps asking. Changes may come a moment later.",
  ],
};

/**
 * What a person is told about the connection.
 *
 * @typedef {object} Account
 * @property {"connected" | "connecting" | "reconnecting" | "failed"} state Green, orange, red, gray.
 * @property {string} title The state in words.
 * @property {string} detail
 * @property {string} retry What the button says that tries again now; empty where there is nothing to try.
 */

/**
 * Say in words what a status means.
 *
 * @param {Status} status
 * @param {Record<string, any>} data What came with the status.
 * @param {{ wait: number, online: boolean }} now Milliseconds until the next try; what the browser says of its network.
 * @returns {Account}
 */
export function account(status, data, { wait, online }) {
  const offline = online ? null : "Offline";
  switch (status) {
    case "connected":
      return connected(data.transport ?? "websocket");
    case "connecting":
      return told("connecting", "Connecting", connecting(data));
    case "reconnecting":
    case "error":
      return told("reconnecting", offline ?? "Reconnecting", reconnecting(data, wait, online));
    case "disconnected":
      if (data.final) return withSignIn(told("failed", "Disconnected", ended(data)), data);
      return told("reconnecting", offline ?? "Reconnecting", "The connection was lost.");
    default:
      return withSignIn(told("failed", offline ?? "Not connected", failed(data, online)), data);
  }
}

/** @param {Account["state"]} state @param {string} title @param {string} detail @returns {Account} */
function told(state, title, detail) {
  const again = state === "reconnecting" || state === "failed";
  return { state, title, detail, retry: again ? "Retry now" : "" };
}

/** @param {Transport} transport @returns {Account} */
function connected(transport) {
  const [title, detail] = OVER[transport];
  return { ...told("connected", title, detail), retry: transport === "websocket" ? "" : "Try WebSocket" };
}

/** @param {Account} account @param {Record<string, any>} data @returns {Account} */
function withSignIn(account, data) {
  return signedOut(data) ? { ...account, title: "Signed out", retry: "Sign in" } : account;
}

/** @param {Record<string, any>} data */
function connecting({ attempt = 0 }) {
  return attempt > 0 ? `Try ${attempt} of 10 is under way.` : "Waiting for the server.";
}

/** @param {Record<string, any>} data @param {number} wait @param {boolean} online */
function reconnecting({ attempt = 1 }, wait, online) {
  if (!online) return "This device is offline. It reconnects as soon as the network is back.";
  const seconds = Math.ceil(wait / 1000);
  return seconds > 0 ? `Next try in ${seconds} s (${attempt} of 10).` : `Try ${attempt} of 10 is about to start.`;
}

/** @param {Record<string, any>} data @param {boolean} online */
function failed({ final = false, reason = "" }, online) {
  if (final) return ended({ reason });
  if (!online) return "This device is offline. It reconnects as soon as the network is back.";
  return "The server could not be reached in 10 tries. This page asks it for news every 15 seconds instead.";
}

/** @param {Record<string, any>} data */
function ended({ reason = "" }) {
  if (reason === "Client disconnect") return "The connection was closed by this page.";
  if (reason === "Disconnected by an administrator") return "An administrator disconnected this page.";
  if (signedOut({ final: true, reason })) return "You are signed out. Sign in again to go on.";
  return reason ? `The server refused the connection: ${reason}.` : "The server refused the connection.";
}

/** Whether trying again is of no use without signing in first. @param {Record<string, any>} data */
export function signedOut({ final = false, reason = "" }) {
  return final && (reason === "Unauthorized" || reason === "Session ended");
}

/** The badge's text. @param {number} count */
export function badge(count) {
  return count > 99 ? "99+" : `${count}`;
}
