/**
 * The client library: `wsClient`, made on load and connected when the page is parsed.
 *
 *     import { wsClient } from "./websocket.js";          // or the global of that name
 *     wsClient.on("notification", (message) => console.log(message.action, message.data.title));
 *     wsClient.subscribe(["notifications"]);
 *
 * `<script type="application/json" id="config-data">` may set `websocket_refresh_time` and `websocket_ping_interval`
 * (milliseconds), and `websocket_url` where the server is another one than the page's. With `user.name` in it the tabs of
 * that person share one connection, unless `websocket_sharing` is false. A page that subscribes to nothing gets the initial state and nothing more.
 */

import { RealtimeClient } from "./realtime/client.js";
import { browserClock } from "./realtime/clock.js";
import { Memory } from "./realtime/memory.js";

/** @import { Authenticate, Message, Options } from "./realtime/types.js" */
/** @import { StatusListener } from "./realtime/client.js" */
/** @import { Remembered } from "./realtime/memory.js" */

export class WebSocketClient {
  /** @param {Options} options */
  constructor(options) {
    this.client = new RealtimeClient(options);
    this.memory = new Memory(options.storage ?? null, options.clock, this.client.following);
  }

  /** Connect, or try again at once; where a connection is open without WebSocket, try to get one. */
  connect() {
    this.client.connect();
  }

  /** Close the connection and stay away until `connect`. */
  disconnect() {
    this.client.disconnect();
  }

  /**
   * Say who the page is by tickets or tokens instead of its session: a page of another origin has none here.
   *
   * *provider* is called for each connection, and again before a credential ends. Call this before the page connects.
   *
   * @param {Authenticate} provider
   */
  authenticate(provider) {
    this.client.options.auth = provider;
  }

  /**
   * Follow topics; before the connection is open too. With `snapshot` their state comes first, as a `snapshot` message,
   * unless the page has it already; without WebSocket it comes in any case.
   *
   * @param {string | string[]} topics
   * @param {{ snapshot?: boolean }} [how]
   */
  subscribe(topics, { snapshot = false } = {}) {
    this.client.subscribe(topics, snapshot);
  }

  /** @param {string | string[]} topics */
  unsubscribe(topics) {
    this.client.unsubscribe(topics);
  }

  /** Call *listener* with each message of *type*, whatever type backend code broadcasts. Returns what undoes it.
   * @param {string} type @param {(message: Message) => void} listener */
  on(type, listener) {
    this.client.messages.on(type, listener);
    return () => this.off(type, listener);
  }

  /** @param {string} type @param {(message: Message) => void} listener */
  off(type, listener) {
    this.client.messages.off(type, listener);
  }

  /** Send a message; false where there is no connection. @param {Message} message */
  send(message) {
    return this.client.send(message);
  }

  /**
   * Call *listener* with each status and its data, and at once with the present one where there has been one.
   *
   * connecting {attempt, transport}, connected {client_id, transport}, error {code, reason},
   * disconnected {code, reason}, reconnecting {attempt, delay}, failed {code, reason}. A planned refresh is none of
   * these; `connected` comes again when another transport takes over.
   *
   * @param {StatusListener} listener
   * @returns {() => void} What undoes it.
   */
  onConnectionStatus(listener) {
    const { statusListeners, status, statusData } = this.client;
    statusListeners.add(listener);
    if (status !== "disconnected" || statusData.code) listener(status, statusData);
    return () => statusListeners.delete(listener);
  }

  /** Whether messages come in. */
  isConnected() {
    return this.client.link?.ready ?? false;
  }

  /** Whether a connection is there, and what was missed without one is still coming over it. */
  isCatchingUp() {
    const { link } = this.client;
    return link?.ready === true && !link.settled;
  }

  /** What the connection is made of, "websocket", "sse" or "poll"; null where there is none. */
  getTransport() {
    const { link } = this.client;
    return link?.ready ? link.transport : null;
  }

  /** The name of this connection, or null. */
  getClientId() {
    return this.client.link?.clientId || null;
  }

  /** Milliseconds that the last ping took, or null. */
  getLatency() {
    return this.client.link?.latency ?? null;
  }

  /** The offset up to which this page has seen a topic, or null. @param {string} topic */
  getOffset(topic) {
    return this.client.following.positions.held.get(topic)?.offset ?? null;
  }

  /**
   * Go on after a reload where the page was before it, with the state that the application keeps.
   *
   * Call it before the page is connected. `restore` is called at once where there is something to restore; `save`
   * when the page may be about to go.
   *
   * @param {Remembered} remembered
   * @returns {boolean} Whether there was anything.
   */
  remember(remembered) {
    return this.memory.begin(remembered);
  }

  /** Remember nothing any longer: the person signs out. */
  forget() {
    this.memory.forget();
  }

  /** Look at once whether the connection is there, or try to get one: the world has changed. */
  wake() {
    this.client.wake();
  }
}

/** @returns {Record<string, any>} The page's `#config-data`. */
export function pageConfig() {
  return JSON.parse(document.getElementById("config-data")?.textContent || "{}");
}

/** @returns {Storage | null} Null where the person does not allow it. */
function pageStorage() {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}

/**
 * What the person's tabs share one connection by; nothing where the page does not say whose it is, or must not have it:
 * over plain http from another machine browsers give no locks.
 *
 * @param {Record<string, any>} config @param {string} url
 * @returns {Pick<Options, "tabs">}
 */
export function pageTabs(config, url) {
  const locks = globalThis.navigator?.locks;
  const name = config.user?.name;
  if (config.websocket_sharing === false || !name || !locks || !globalThis.BroadcastChannel) return {};
  return {
    tabs: { name: `${url} ${name}`, id: crypto.randomUUID(), locks, Channel: /** @type {any} */ (BroadcastChannel) },
  };
}

function forThisPage() {
  const config = pageConfig();
  const http = {
    fetch: (/** @type {string} */ url, /** @type {RequestInit} */ init) => fetch(url, init),
    stream: "/api/v1/stream",
    changes: "/api/v1/changes",
  };
  const url = config.websocket_url ?? `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/ws`;
  const client = new WebSocketClient({
    url,
    ...pageTabs(config, url),
    Socket: /** @type {any} */ (WebSocket),
    // Another server's streams would take a header that no browser may be trusted with.
    ...(config.websocket_url ? {} : { http }),
    storage: pageStorage(),
    clock: browserClock,
    random: Math.random,
    refreshTime: config.websocket_refresh_time ?? 1_500_000,
    pingInterval: config.websocket_ping_interval ?? 30_000,
    log: (...parts) => console.log(...parts),
  });
  followThePage(client);
  return Object.assign(globalThis, { wsClient: client }).wsClient;
}

/** Connect with the page, wake up with it, and remember what it held when it goes. @param {WebSocketClient} client */
function followThePage(client) {
  const visible = () => document.visibilityState === "visible";
  const wake = () => visible() && client.wake();
  for (const event of ["online", "pageshow"]) addEventListener(event, wake);
  // A phone may end a hidden page without another word.
  document.addEventListener("visibilitychange", () => (visible() ? client.wake() : client.memory.keep()));
  addEventListener("pagehide", () => {
    client.memory.keep();
    client.client.sharing?.stop();
  });
  // A connection may outlive the network for minutes without a word.
  addEventListener("offline", () => client.isConnected() && client.wake());
  // A page may import this late, after DOMContentLoaded; connecting twice does nothing.
  if (document.readyState === "complete") client.connect();
  for (const event of ["DOMContentLoaded", "load"]) addEventListener(event, () => client.connect(), { once: true });
}

/** @type {WebSocketClient} The page's client; only where there is a page. */
export const wsClient = /** @type {any} */ (typeof document === "undefined" ? undefined : forThisPage());
