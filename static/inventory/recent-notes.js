import { get } from "../dashboard/api.js";
import { Rows } from "../dashboard/rows.js";
import { inWords, showState } from "../dashboard/state-box.js";

/** @import { Shell } from "../dashboard/shell.js" */
/** @import { Item } from "../dashboard/store.js" */

const AT_MOST = 10;

/** The latest notifications about something, older ones than the inbox holds too, as they come and go. */
export class RecentNotes {
  /** @param {Shell} shell @param {HTMLElement} list @param {HTMLElement} box */
  constructor(shell, list, box) {
    this.box = box;
    this.rows = new Rows(list, "li", shell.rows);
    /** @type {Map<string, Item>} */
    this.held = new Map();
    /** @type {string[]} What they are about. */
    this.entities = [];
    this.asked = false;
    /** @type {Error | null} */
    this.error = null;
    /** @type {Item[]} Of the inbox. */
    this.inbox = [];
    shell.client.on("notification", ({ action, data }) => this.receive(action, data ?? {}));
    shell.join({
      show: ({ view }) => this.show(view.items),
      tick: (now) => this.rows.tick(now),
      conceal: () => this.rows.conceal(),
      poll: () => this.load(),
    });
  }

  /** Say what they should be about. @param {string[]} entities */
  about(entities) {
    if (entities.join("\n") === this.entities.join("\n")) return;
    this.entities = entities;
    this.held.clear();
    this.asked = false;
    this.load();
  }

  async load() {
    const { entities } = this;
    if (entities.length === 0) return;
    const query = new URLSearchParams({ limit: `${AT_MOST}` });
    for (const entity of entities) query.append("related_entity", entity);
    try {
      const { notifications } = await get(`/api/v1/notifications?${query}`);
      if (entities !== this.entities) return;
      for (const item of notifications) this.held.set(item.id, item);
      this.error = null;
    } catch (error) {
      this.error = /** @type {Error} */ (error);
    }
    this.asked = true;
    this.show(this.inbox);
  }

  /** @param {string} action @param {Record<string, any>} data */
  receive(action, data) {
    const held = this.held.get(data.id);
    if (action === "deleted") this.held.delete(data.id);
    else if (held) this.held.set(data.id, /** @type {Item} */ ({ ...held, ...data }));
    if (held) this.show(this.inbox);
  }

  /** @param {Item[]} inbox Which knows of each what the person has just done with it. */
  show(inbox) {
    this.inbox = inbox;
    const about = new Set(this.entities);
    const items = new Map(this.held);
    for (const item of inbox) if (about.has(item.related_entity)) items.set(item.id, item);
    const shown = [...items.values()].sort((a, b) => (a.created_at < b.created_at ? 1 : -1)).slice(0, AT_MOST);
    this.rows.show(shown, this.asked);
    showState(this.box, this.content(shown.length));
  }

  /** @param {number} shown @returns {import("../dashboard/state-box.js").Content} */
  content(shown) {
    if (shown > 0) return { kind: "none" };
    if (this.error)
      return inWords("plug", "Nothing could be loaded", this.error.message, {
        words: "Try again",
        run: () => this.load(),
      });
    if (!this.asked) return { kind: "loading" };
    return inWords("bell", "Nothing to tell", "What happens to it appears here.");
  }
}
