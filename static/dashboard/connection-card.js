import { byId } from "./dom.js";
import { ago } from "./time.js";

/** @import { Account } from "./connection.js" */

/** @typedef {{ clientId: string | null, latency: number | null, lastEvent: number, now: number }} Facts Milliseconds. */

/** The card that says how the page is connected, and lets the person try again. */
export class ConnectionCard {
  /** @param {{ retry: () => void }} actions */
  constructor({ retry }) {
    byId("retry").addEventListener("click", retry);
  }

  /** @param {Account} account @param {Facts} facts */
  show(account, { clientId, latency, lastEvent, now }) {
    byId("connection").dataset.state = account.state;
    set("connection-state", account.title);
    set("connection-detail", account.detail);
    byId("retry").hidden = !account.retry;
    if (account.retry) set("retry-words", account.retry);
    set("last-event", lastEvent ? ago(new Date(lastEvent).toISOString(), now) : "none yet");
    set("latency", latency === null ? "—" : `${Math.max(1, Math.round(latency))} ms`);
    set("client-id", clientId ? clientId.slice(0, 8) : "—");
    byId("client-id").title = clientId ?? "";
  }
}

/** Untouched where it says so already: a live region would speak again. @param {string} id @param {string} text */
function set(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}
