/** @import { Connection } from "./types.js" */

/** What the other tabs want of the leader's connection. */
export class Lending {
  constructor() {
    /** @type {Map<string, { topics: string[], offered: boolean }>} By tab. */
    this.borrowers = new Map();
    /** @type {Set<string>} What the server has refused, and is not asked for again. */
    this.refused = new Set();
  }

  /** @returns {Set<string>} */
  get topics() {
    const wanted = [...this.borrowers.values()].flatMap(({ topics }) => topics);
    return new Set(wanted.filter((name) => !this.refused.has(name)));
  }

  /** @param {import("./types.js").Message} message Of whatever type. */
  note({ denied = [] }) {
    for (const { topic } of denied) this.refused.add(topic);
  }

  /** @param {string} tab @param {string[]} topics */
  want(tab, topics) {
    this.borrowers.set(tab, { topics, offered: false });
  }

  /** @param {string} tab */
  leave(tab) {
    this.borrowers.delete(tab);
  }

  /** Return those tabs for whom *link* covers everything by now, each once. @param {Connection} link */
  due(link) {
    if (!link.ready || !link.settled) return [];
    const due = [...this.borrowers].filter(([, one]) => !one.offered && one.topics.every((name) => link.covers(name)));
    for (const [, one] of due) one.offered = true;
    return due.map(([tab]) => tab);
  }

  clear() {
    this.borrowers.clear();
    this.refused.clear();
  }
}
