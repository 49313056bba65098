import { button, h, icon } from "./dom.js";

/** @import { Item } from "./store.js" */

let count = 0;

/**
 * What a sensitive notification says: asked for when the person wants to see it, shown as text and nothing else, and
 * gone from the page when it is hidden. It is held nowhere but in the elements that show it.
 */
export class Secret {
  /** @param {() => Promise<Record<string, any>>} read Ask the server for it. */
  constructor(read) {
    this.read = read;
    /** Which question is the latest: the answer to an older one is thrown away. */
    this.asked = 0;
    count += 1;
    this.content = h("div", { class: "note-secret", id: `secret-${count}`, "data-testid": "secret", hidden: true });
    this.button = button("show-secret", "button quiet", () => (this.isOpen ? this.hide() : this.show()));
    this.button.setAttribute("aria-controls", this.content.id);
    // Always there, so that a screen reader follows what comes into it.
    this.element = h("div", { "aria-live": "polite" }, this.content);
    this.label();
  }

  get isOpen() {
    return this.button.getAttribute("aria-expanded") === "true";
  }

  async show() {
    this.asked += 1;
    const { asked } = this;
    this.label(true);
    const shown = await this.answer();
    if (asked !== this.asked) return;
    this.content.replaceChildren(...shown);
    this.content.hidden = false;
  }

  /** Let nothing of it be left. Safe to call twice. */
  hide() {
    this.asked += 1;
    this.content.replaceChildren();
    this.content.hidden = true;
    this.label();
  }

  /** @returns {Promise<Node[]>} */
  async answer() {
    try {
      return said(/** @type {Item} */ (await this.read()));
    } catch (error) {
      return [h("p", { class: "form-error" }, /** @type {Error} */ (error).message)];
    }
  }

  label(open = false) {
    this.button.setAttribute("aria-expanded", `${open}`);
    const words = h("span", { class: "sr-only" }, " what this notification says");
    this.button.replaceChildren(icon(open ? "unlock" : "lock"), h("span", {}, open ? "Hide" : "Show", words));
  }
}

/** @param {Item} item @returns {Node[]} */
function said({ readable, title, message, related_entity: entity, metadata }) {
  if (!readable) return [h("p", { class: "form-error" }, message)];
  const facts = [...(entity ? [["About", entity]] : []), ...Object.entries(metadata)];
  const list = facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, plain(value))]);
  return [
    h("p", { class: "secret-title" }, title),
    ...(message ? [h("p", { class: "secret-message" }, message)] : []),
    ...(list.length > 0 ? [h("dl", {}, ...list)] : []),
  ];
}

/** @param {unknown} value */
function plain(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}
