import { browserClock } from "../realtime/clock.js";
import { pageConfig, wsClient } from "../websocket.js";
import { Announcer } from "./announcer.js";
import * as api from "./api.js";
import { startCompose } from "./compose.js";
import { account, badge, signedOut } from "./connection.js";
import { Disclosure } from "./disclosure.js";
import { byId, coalesced } from "./dom.js";
import { Inbox } from "./inbox.js";
import { packed, unpacked } from "./keeping.js";
import { Panel } from "./panel.js";
import { Poller } from "./poller.js";
import { Renewal } from "./renewal.js";
import { rowActions } from "./row-actions.js";
import { StaleBar } from "./stale-bar.js";
import { startThemeSwitch } from "./theme-switch.js";
import { Toasts } from "./toasts.js";

/** @import { Account } from "./connection.js" */
/** @import { Facts } from "./connection-card.js" */
/** @import { Arrival } from "./inbox.js" */
/** @import { View } from "./wishes.js" */
/** @import { Status } from "../realtime/types.js" */

const TOPIC = "notifications";

/**
 * @typedef {object} Scene What there is to show.
 * @property {View} view The person's notifications.
 * @property {Account} account The connection, in words.
 * @property {Facts} facts The connection, in figures.
 * @property {number} now
 *
 * @typedef {object} Page What a page adds to the shell.
 * @property {(scene: Scene) => void} [show] Called before the next paint when anything of it has changed.
 * @property {(now: number) => void} [tick] Every 15 s, while somebody looks: relative times go on.
 * @property {() => void} [conceal] Nobody is looking, or nobody who may: take secrets off the page.
 * @property {() => Promise<unknown>} [poll] Ask the REST API for news; there is no connection. Must not reject.
 */

/** What every page has: bell, panel, toasts, dialog, theme, menu, and the connection behind them. */
export class Shell {
  constructor() {
    this.client = wsClient;
    this.config = pageConfig();
    this.title = document.title;
    /** @type {Set<Page>} */
    this.pages = new Set();
    /** @type {{ status: Status, data: Record<string, any>, until: number }} `until`: when the next try is due. */
    this.connection = { status: "connecting", data: {}, until: 0 };
    this.lastEvent = 0;
    this.reachable = true;
    /** Whether the list is what was kept over a reload, and nothing has confirmed it yet. */
    this.restored = false;
    /** The state of the connection that was last told to a screen reader. */
    this.spoken = "";
    this.show = coalesced(() => this.render());
    this.inbox = new Inbox({
      api,
      changed: this.show,
      arrived: (arrival) => this.arrived(arrival),
      failed: (error) =>
        this.toasts.show({ title: "That did not work", text: error.message, level: "error", stays: true }),
    });
    const mayDelete = this.config.user?.permissions?.delete === true;
    this.rows = rowActions({ inbox: this.inbox, toasts: () => this.toasts, mayDelete });
    this.panel = new Panel({
      rows: this.rows,
      readAll: () => this.inbox.markAllRead(this.client.getOffset(TOPIC) ?? this.inbox.state.position?.offset ?? null),
      loadOlder: () => this.inbox.loadOlder(),
      countGroups: () => this.inbox.countGroups(),
      reload: () => this.poll(),
      opened: () => this.toasts.clear(),
    });
    this.announcer = new Announcer({ clock: browserClock, say: (text) => byId("announcer").replaceChildren(text) });
    this.toasts = new Toasts({ clock: browserClock, open: () => this.panel.open(), visit: this.rows.visit });
    /** Opens the dialog that sends a notification; null for who may not. */
    this.compose = startCompose();
    this.staleBar = StaleBar.of(document, () => this.retry());
    this.poller = new Poller({ clock: browserClock, random: Math.random, hidden, poll: () => this.poll() });
    this.renewal = new Renewal({
      isSignedIn: api.isSignedIn,
      isSignedOut: () => signedOut(this.connection.data),
      connect: () => this.client.connect(),
    });
  }

  /** Begin. Call it once, while the page loads. */
  start() {
    this.listen();
    this.client.subscribe([TOPIC]);
    this.restored = this.client.remember({
      owner: this.config.user?.name ?? "",
      topics: [TOPIC],
      save: () => packed(this.inbox.state),
      restore: (kept, savedAt) => this.inbox.resume(unpacked(kept), savedAt),
    });
    this.followThePage();
    new Disclosure(byId("menu-button"), byId("menu"));
    startThemeSwitch();
    this.show();
    return this;
  }

  /** Have *page* shown, ticked and polled with the rest. @param {Page} page @returns {() => void} What undoes it. */
  join(page) {
    this.pages.add(page);
    this.show();
    return () => this.pages.delete(page);
  }

  /** Try to connect now. Loading the page again leads to the login page and back. */
  retry() {
    if (signedOut(this.connection.data)) location.reload();
    else this.client.connect();
  }

  /** Ask the REST API for everything that the page shows. */
  async poll() {
    const before = this.reachable;
    const others = [...this.pages].map((page) => page.poll?.());
    this.reachable = await this.inbox.poll(() => !this.client.isConnected());
    // The server is back after it was away: the socket may be worth new tries.
    if (this.reachable && !before && this.connection.status === "failed") this.client.wake();
    await Promise.all(others);
  }

  listen() {
    const { client, inbox } = this;
    client.on("connection", ({ user }) => this.met(user));
    client.on("initial_state", (message) => inbox.replace(message.data, message.positions?.[TOPIC] ?? null));
    client.on(
      "snapshot",
      (message) => message.topic === TOPIC && inbox.replace(message.data, message.positions?.[TOPIC] ?? null),
    );
    for (const type of ["notification", "unread_count"]) {
      client.on(type, (message) => {
        this.lastEvent = Date.now();
        inbox.receive(message);
      });
    }
    client.on("pong", this.show);
    client.onConnectionStatus((status, data) => this.changed(status, data));
  }

  /**
   * The browser's session may be another person's by now, and the page is not theirs: not its name, nor what it offers.
   *
   * @param {string | undefined} user Whose the connection is, where the server says so.
   */
  met(user) {
    const { user: own, websocket_url: elsewhere } = this.config;
    // Another server may know the same person by another name.
    if (!user || !own?.name || user === own.name || elsewhere) return;
    this.client.forget();
    this.client.disconnect();
    location.reload();
  }

  /** @param {Status} status @param {Record<string, any>} data */
  changed(status, data) {
    if (this.connection.status === "connected" && status !== "connected") this.inbox.asOf = Date.now();
    this.connection = { status, data, until: Date.now() + (data.delay ?? 0) };
    if (signedOut(data)) {
      this.client.forget();
      if (status === "failed") this.renewal.look();
      this.conceal();
    }
    if (status === "connected") this.restored = false;
    if (status === "connected" || signedOut(data)) this.poller.stop();
    else if (status === "reconnecting" || status === "failed") {
      this.poller.start();
      if (this.inbox.state.phase === "loading" || this.restored) this.poll();
      this.restored = false;
    }
    this.show();
  }

  followThePage() {
    // What one person saw is not left behind for the next.
    byId("menu").addEventListener("submit", () => this.client.forget());
    document.addEventListener("visibilitychange", () => this.poller.visibilityChanged());
    document.addEventListener("visibilitychange", () => hidden() && this.conceal());
    for (const event of ["online", "offline"]) addEventListener(event, this.show);
    setInterval(() => !hidden() && this.connection.status === "reconnecting" && this.show(), 500);
    setInterval(() => !hidden() && this.tick(), 15_000);
  }

  tick() {
    const now = Date.now();
    this.panel.tick(now);
    for (const page of this.pages) page.tick?.(now);
    this.show();
  }

  conceal() {
    this.panel.conceal();
    for (const page of this.pages) page.conceal?.();
  }

  /** @param {Arrival} arrival */
  arrived({ items, missed }) {
    if (!this.panel.isOpen) return this.toasts.announce(items, missed || this.client.isCatchingUp());
    this.announcer.tell(items);
  }

  render() {
    const now = Date.now();
    const view = this.inbox.view();
    const { status, data, until } = this.connection;
    const told = account(status, data, { wait: until - now, online: navigator.onLine });
    const asOf = clockTime(this.inbox.asOf);
    this.panel.show(view, told, asOf);
    this.staleBar?.show(told, asOf);
    const { client, lastEvent } = this;
    const facts = { clientId: client.getClientId(), latency: client.getLatency(), lastEvent, now };
    for (const page of this.pages) page.show?.({ view, account: told, facts, now });
    if (this.spoken && this.spoken !== told.title) byId("announcer").textContent = `${told.title}. ${told.detail}`;
    this.spoken = told.title;
    document.title = view.unread > 0 ? `(${badge(view.unread)}) ${this.title}` : this.title;
  }
}

/** @returns {Shell} The page's shell, at work. */
export function startShell() {
  return new Shell().start();
}

function hidden() {
  return document.visibilityState === "hidden";
}

/** @param {number} time Milliseconds; 0 for none. */
function clockTime(time) {
  return time ? new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : "";
}
