/** @import { Status } from "../realtime/types.js" */

/**
 * What a person is told about the connection.
 *
 * @typedef {object} Account
 * @property {"connected" | "connecting" | "reconnecting" | "failed"} state Green, orange, red, gray.
 * @property {string} title The state in words.
 * @property {string} detail
 * @property {boolean} retry Whether to offer trying again now.
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
  switch (status) {
    case "connected":
      return {
        state: "connected",
        title: "Connected",
        detail: "Changes appear here the moment they happen.",
        retry: false,
      };
    case "connecting":
      return { state: "connecting", title: "Connecting", detail: connecting(data), retry: false };
    case "reconnecting":
    case "error":
      return {
        state: "reconnecting",
        title: online ? "Reconnecting" : "Offline",
        detail: reconnecting(data, wait, online),
        retry: true,
      };
    case "disconnected":
      if (!data.final)
        return { state: "reconnecting", title: "Reconnecting", detail: "The connection was lost.", retry: true };
      return { state: "failed", title: "Disconnected", detail: ended(data), retry: true };
    default:
      return {
        state: "failed",
        title: online ? "Not connected" : "Offline",
        detail: failed(data, online),
        retry: true,
      };
  }
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
