import { Leadership } from "./leadership.js";
import { Lending } from "./lending.js";
import { Presence } from "./presence.js";
import { SharedLink } from "./shared-link.js";
import { channelName, TabChannel } from "./tab-channel.js";

/** @import { Connection, Message, Tabs } from "./types.js" */
/** @import { Verdict } from "./closing.js" */
/** @import { Post } from "./tab-channel.js" */
/** @import { RealtimeClient } from "./client.js" */

/** Milliseconds after which the leader, which may have been frozen, is asked again. */
const AGAIN = 30_000;

/**
 * Lets the tabs of one browser share one connection.
 *
 * Each tab begins with a connection of its own, and so with its state. Then one leads, and passes on what its
 * connection brings; the others close theirs once the leader's covers what they follow. Whenever that ends, in whatever
 * way, each goes on from its own positions over a connection of its own, and they come together again.
 */
export class Sharing {
  /** @param {RealtimeClient} client @param {Tabs} tabs */
  constructor(client, tabs) {
    this.client = client;
    this.tabs = tabs;
    this.lending = new Lending();
    /** @type {TabChannel | null} */
    this.channel = null;
    this.presence = new Presence({ ...tabs, name: channelName(tabs.name) });
    this.leadership = new Leadership(tabs.locks, channelName(tabs.name), {
      gained: () => this.gained(),
      lost: () => this.deprived(),
    });
    /** How many messages were passed on. */
    this.count = 0;
    /** Whether the others know that there is a connection. */
    this.announced = false;
    /** What the leader was asked for, as a text; empty where it was not. */
    this.asked = "";
    this.askedAt = 0;
  }

  /** The link whose other end is the leader. @returns {SharedLink | null} */
  get shared() {
    const { link, successor } = this.client;
    if (successor instanceof SharedLink) return successor;
    return link instanceof SharedLink ? link : null;
  }

  /** Come together with the other tabs. Safe to call twice. */
  start() {
    if (this.channel || this.client.options.auth) return;
    this.channel = new TabChannel(this.tabs, (post) => this.read(post));
    this.presence.show();
    this.leadership.seek();
    // A page that comes back from the browser's cache has missed something.
    this.client.goAlone();
  }

  /** The page goes, or wants no connection. Safe to call twice. */
  stop() {
    this.channel?.post(this.leadership.leads ? "bye" : "leave");
    this.forget();
    this.leadership.resign();
    this.presence.end();
    this.channel?.close();
    this.channel = null;
  }

  /** The others, if any followed a leader, must not wait for it any longer. */
  gained() {
    this.channel?.post("lead");
    this.look();
  }

  /** Something may have become possible: lead, offer, or ask to be offered something. */
  look() {
    const { link } = this.client;
    if (!this.channel || !link?.ready || !link.settled) return;
    if (!this.leadership.leads) return this.ask(link);
    if (link instanceof SharedLink) return this.client.goAlone();
    if (!this.announced) this.channel.post("here");
    this.announced = true;
    for (const to of this.lending.due(link)) {
      const { transport, clientId, latency } = link;
      this.channel.post("offer", { to, count: this.count, transport, clientId, latency });
    }
  }

  /** Ask the leader, whoever it is, for what this tab follows over a connection of its own. @param {Connection} link */
  ask(link) {
    const { topics } = this.client.following;
    const { successor, options } = this.client;
    if (link instanceof SharedLink || successor || !this.presence.shown) return;
    const now = options.clock.now();
    if (this.asked === `${topics}` && now - this.askedAt < AGAIN) return;
    this.asked = `${topics}`;
    this.askedAt = now;
    this.channel?.post("want", { topics });
  }

  /** The page has taken a message from its own connection. @param {Message} message */
  took(message) {
    if (!this.leadership.leads || this.lending.borrowers.size === 0) return;
    this.lending.note(message);
    this.count += 1;
    const latency = this.client.link?.latency ?? null;
    this.channel?.post("message", { count: this.count, message, latency });
  }

  /** The page's own connection has ended. @param {Verdict} end */
  lost(end) {
    if (this.announced) this.channel?.post("over", { end });
    this.forget();
  }

  /** Follow exactly what the other tabs want by now. */
  lend() {
    const { link, successor, following } = this.client;
    const { added, removed } = following.lend(this.lending.topics);
    for (const one of [link, successor]) {
      if (added.length > 0) one?.follow(added);
      if (removed.length > 0) one?.leave(removed);
    }
  }

  /** Nobody borrows anything any longer, and nothing was asked for. */
  forget() {
    this.announced = false;
    this.asked = "";
    this.lending.clear();
    this.lend();
  }

  deprived() {
    this.forget();
    this.look();
  }

  /** @param {Post} post */
  read(post) {
    if (this.leadership.leads) this.lead(post);
    else this.heed(post);
  }

  /** @param {Post} post Of a tab that follows. */
  lead({ kind, from, topics, message, probe }) {
    const { link } = this.client;
    if (kind === "want") {
      this.presence.watch(from, () => this.returned(from));
      this.lending.want(from, topics);
      this.lend();
      this.look();
    }
    if (kind === "leave") this.returned(from);
    // A tab in the background is not told that the device was asleep.
    if (kind === "ask" && probe) link?.probe();
    if (kind === "ask") this.channel?.post("alive", { latency: link?.latency ?? null });
    if (kind === "send" && link?.ready) link.send(message);
  }

  /** @param {string} tab That wants nothing any longer. */
  returned(tab) {
    this.lending.leave(tab);
    this.lend();
  }

  /** @param {Post} post Of the tab that leads, or of another one that does not. */
  heed(post) {
    const { shared } = this;
    if (post.kind === "lead" || post.kind === "here") {
      // There is a new leader, or the same one with a new connection.
      if (shared) this.alone();
      this.asked = "";
      this.look();
    } else if (post.kind === "offer" && post.to === this.tabs.id) this.accept(post);
    else shared?.read(post);
  }

  /** @param {Post} offer */
  accept(offer) {
    const { client } = this;
    const { link, successor, following } = client;
    if (this.shared) return;
    const same = this.asked === `${following.topics}`;
    const better = link?.transport === offer.transport || offer.transport === "websocket";
    if (!this.channel || !link?.settled || successor || !same || !better) return this.channel?.post("leave");
    const ends = {
      ...client.ends,
      settled: () => client.handOver(),
      alone: () => this.alone(),
      silent: () => this.silent(),
    };
    const from = { channel: this.channel, offer, since: link.connectedAt };
    client.successor = new SharedLink(client.options, ends, following, from);
  }

  /** Go on over a connection of one's own; ask again when it has everything. */
  alone() {
    this.asked = "";
    this.client.goAlone();
  }

  /** The leader does not answer: it is frozen, or hangs. */
  silent() {
    this.alone();
    this.leadership.seek({ steal: true });
  }
}
