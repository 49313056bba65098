/** The dashboard: brings the connection, the inbox and what shows them together. */

import * as api from "./dashboard/api.js";
import { startCompose } from "./dashboard/compose.js";
import { account, badge, signedOut } from "./dashboard/connection.js";
import { ConnectionCard } from "./dashboard/connection-card.js";
import { Disclosure } from "./dashboard/disclosure.js";
import { byId, coalesced } from "./dashboard/dom.js";
import { Feed } from "./dashboard/feed.js";
import { Inbox } from "./dashboard/inbox.js";
import { packed, unpacked } from "./dashboard/keeping.js";
import { Overview } from "./dashboard/overview.js";
import { Panel } from "./dashboard/panel.js";
import { Poller } from "./dashboard/poller.js";
import { startThemeSwitch } from "./dashboard/theme-switch.js";
import { Toasts } from "./dashboard/toasts.js";
import { browserClock } from "./realtime/clock.js";
import { pageConfig, wsClient } from "./websocket.js";

/** @import { Item } from "./dashboard/store.js" */
/** @import { Status } from "./realtime/types.js" */

const TOPIC = "notifications";
/** Milliseconds in which one session can be replaced once. */
const WENT_ON = 30_000;
/**
 * Milliseconds before each look for a new session. Not at once: another tab may just be getting it, and Django's answer
 * to a request with the old one takes the cookie away, whichever that is by then.
 */
const ASK_AFTER = [1_500, 3_000];
const config = pageConfig();
const title = document.title;

/** @type {{ status: Status, data: Record<string, any>, until: number }} `until`: when the next try is due. */
let connection = { status: "connecting", data: {}, until: 0 };
let lastEvent = 0;
let reachable = true;
let wentOnAt = 0;
/** Whether the list is what was kept over a reload, and nothing has confirmed it yet. */
let restored = false;
/** The state of the connection that was last told to a screen reader. */
let spoken = "";

const show = coalesced(() => {
  const now = Date.now();
  const view = inbox.view();
  const told = account(connection.status, connection.data, { wait: connection.until - now, online: navigator.onLine });
  panel.show(
    view,
    told,
    inbox.asOf ? new Date(inbox.asOf).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : "",
  );
  feed.show(view);
  overview.show(view, now);
  card.show(told, {
    clientId: wsClient.getClientId(),
    latency: wsClient.getLatency(),
    lastEvent,
    now,
  });
  if (spoken && spoken !== told.title) byId("announcer").textContent = `${told.title}. ${told.detail}`;
  spoken = told.title;
  document.title = view.unread > 0 ? `(${badge(view.unread)}) ${title}` : title;
});

const inbox = new Inbox({
  api,
  changed: show,
  arrived: ({ items, missed }) => {
    if (!panel.isOpen) toasts.announce(items, missed || wsClient.isCatchingUp());
    else
      byId("announcer").textContent =
        items.length === 1 ? `New: ${items[0]?.title}` : `${items.length} new notifications`;
  },
  failed: (error) => toasts.show({ title: "That did not work", text: error.message, level: "error", stays: true }),
});

const rows = {
  mark: (/** @type {Item} */ item, /** @type {boolean} */ read) => inbox.mark(item.id, read),
  remove: async (/** @type {Item} */ item) => {
    if (!(await inbox.remove(item))) return;
    const undo = { words: "Undo", run: () => inbox.restore(item) };
    toasts.show({
      title: config.user?.permissions?.delete ? "Deleted" : "Dismissed",
      text: item.title,
      level: "info",
      action: undo,
    });
  },
  read: (/** @type {Item} */ item) => api.read(item.id),
  removeWord: config.user?.permissions?.delete ? "Delete" : "Dismiss",
};
const poll = async () => {
  const before = reachable;
  reachable = await inbox.poll(() => !wsClient.isConnected());
  // The server is back after it was away: the socket may be worth new tries.
  if (reachable && !before && connection.status === "failed") wsClient.wake();
};
/** A session that ended may have been replaced, as with a new password: the page goes on with what the browser has now. */
async function goOnIfSignedIn() {
  for (const delay of ASK_AFTER) {
    await new Promise((resolve) => setTimeout(resolve, delay));
    if (Date.now() - wentOnAt < WENT_ON || !signedOut(connection.data)) return;
    if (!(await api.isSignedIn())) continue;
    wentOnAt = Date.now();
    return wsClient.connect();
  }
}
const readAll = () => inbox.markAllRead(wsClient.getOffset(TOPIC) ?? inbox.state.position?.offset ?? null);
const panel = new Panel({
  rows,
  readAll,
  loadOlder: () => inbox.loadOlder(),
  reload: poll,
  opened: () => toasts.clear(),
});
const toasts = new Toasts({ clock: browserClock, open: () => panel.open() });
const feed = new Feed({ rows, reload: poll, compose: startCompose() });
const overview = new Overview({ choose: (filter) => feed.choose(filter) });
const card = new ConnectionCard({
  // Loading the page again leads to the login page and back.
  retry: () => (signedOut(connection.data) ? location.reload() : wsClient.connect()),
});
/** Nobody is looking, or nobody who may: what sensitive notifications say is taken off the page. */
const conceal = () => {
  panel.conceal();
  feed.conceal();
};
const hidden = () => document.visibilityState === "hidden";
const poller = new Poller({ clock: browserClock, random: Math.random, hidden, poll });

wsClient.on("initial_state", (message) => inbox.replace(message.data, message.positions?.[TOPIC] ?? null));
wsClient.on(
  "snapshot",
  (message) => message.topic === TOPIC && inbox.replace(message.data, message.positions?.[TOPIC] ?? null),
);
for (const type of ["notification", "unread_count"]) {
  wsClient.on(type, (message) => {
    lastEvent = Date.now();
    inbox.receive(message);
  });
}
wsClient.on("pong", show);
wsClient.onConnectionStatus((status, data) => {
  if (connection.status === "connected" && status !== "connected") inbox.asOf = Date.now();
  connection = { status, data, until: Date.now() + (data.delay ?? 0) };
  if (signedOut(data)) {
    wsClient.forget();
    if (status === "failed") goOnIfSignedIn();
    conceal();
  }
  if (status === "connected") restored = false;
  if (status === "connected" || signedOut(data)) poller.stop();
  else if (status === "reconnecting" || status === "failed") {
    poller.start();
    if (inbox.state.phase === "loading" || restored) poll();
    restored = false;
  }
  show();
});
wsClient.subscribe([TOPIC]);
restored = wsClient.remember({
  owner: config.user?.name ?? "",
  topics: [TOPIC],
  save: () => packed(inbox.state),
  restore: (kept, savedAt) => inbox.resume(unpacked(kept), savedAt),
});
// What one person saw is not left behind for the next.
byId("menu").addEventListener("submit", () => wsClient.forget());

document.addEventListener("visibilitychange", () => poller.visibilityChanged());
document.addEventListener("visibilitychange", () => hidden() && conceal());
for (const event of ["online", "offline"]) addEventListener(event, show);
setInterval(() => {
  if (hidden()) return;
  if (connection.status === "reconnecting") show();
}, 500);
setInterval(() => {
  if (hidden()) return;
  panel.tick(Date.now());
  feed.tick(Date.now());
  show();
}, 15_000);
new Disclosure(byId("menu-button"), byId("menu"));
startThemeSwitch();
show();
