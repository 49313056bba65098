/** Of what tabs say to each other: two releases of this library must not understand each other half. */
const VERSION = 1;

/**
 * What one tab tells the others, over a BroadcastChannel.
 *
 * - `lead`: the tab leads from now on.
 * - `want` {topics}: the tab would follow these over the leader's connection. `leave`: it no longer does.
 * - `here`: the leader has a connection. `offer` {to, count, transport, clientId, latency}: it covers what that tab wants.
 * - `message` {count, message}: what came over the leader's connection; the counts have no gaps.
 * - `over` {end}: the leader's connection ended so. `bye`: the leader goes.
 * - `ask` {probe} and `alive` {latency}: whether the leader is there, and with `probe` the server, too. `send` {message}: pass it to the server.
 *
 * @typedef {Record<string, any> & { kind: string, from: string }} Post
 */

/** The channel of those tabs that are the same person's, of the same server, and of the same release. */
export class TabChannel {
  /** @param {import("./types.js").Tabs} tabs @param {(post: Post) => void} read */
  constructor({ name, id, Channel }, read) {
    this.id = id;
    this.closed = false;
    this.channel = new Channel(channelName(name));
    this.channel.onmessage = ({ data }) => typeof data?.kind === "string" && read(data);
  }

  /** Tell all other tabs; nobody, once it is closed. @param {string} kind @param {Record<string, any>} [more] Plain data. */
  post(kind, more = {}) {
    if (!this.closed) this.channel.postMessage({ ...more, kind, from: this.id });
  }

  close() {
    this.closed = true;
    this.channel.onmessage = null;
    this.channel.close();
  }
}

/** @param {string} name Whose tabs, and of which server. */
export function channelName(name) {
  return `aether:${VERSION}:${name}`;
}
