import { call } from "./api.js";
import { h, icon } from "./dom.js";
import { destination } from "./links.js";

/** @typedef {{ label: string, url?: string, method?: string, path?: string, body?: Record<string, any> }} Action */

const AT_MOST = 2;
/** Milliseconds that a question stands before it is taken back. */
const PATIENCE = 6_000;

/** @param {HTMLElement} element @param {{ href: string, outside: boolean }} place */
export function leadTo(element, { href, outside }) {
  element.setAttribute("href", href);
  if (!outside) return;
  element.setAttribute("target", "_blank");
  element.setAttribute("rel", "noopener noreferrer");
}

/** Up to two buttons that a notification's author gave it: links, and requests to this site's API. */
export class NoteActions {
  /** @param {() => void} visited The person followed a link. */
  constructor(visited) {
    this.visited = visited;
    this.element = h("div", { class: "note-buttons", "data-testid": "note-buttons", hidden: true });
    this.shows = "[]";
  }

  /** Show them; what is shown already stays as it is, with its state. @param {unknown} actions */
  update(actions) {
    const wanted = Array.isArray(actions) ? actions.slice(0, AT_MOST) : [];
    const text = JSON.stringify(wanted);
    if (text === this.shows) return;
    this.shows = text;
    const made = wanted.flatMap((action) => this.make(action) ?? []);
    this.element.replaceChildren(...made);
    this.element.hidden = made.length === 0;
  }

  /** @param {Action} action @returns {HTMLElement | null} Null for what leads nowhere that it may. */
  make(action) {
    if (typeof action?.label !== "string") return null;
    if (action.method !== undefined) return new Call(action).element;
    const place = destination(action.url);
    if (!place) return null;
    const link = h("a", { class: "button small", "data-testid": "note-link", click: this.visited }, action.label);
    leadTo(link, place);
    return link;
  }
}

/**
 * A button that sends a request with the person's own rights, once for each press. It says which; what deletes has to
 * be pressed twice. What failed can be tried again, as the same request.
 */
class Call {
  /** @param {Action} action */
  constructor(action) {
    this.action = action;
    this.what = `${action.method} ${action.path}`;
    this.once = crypto.randomUUID();
    this.button = h("button", {
      type: "button",
      class: "button small",
      "data-testid": "note-call",
      title: this.what,
      click: () => this.press(),
    });
    this.said = h("span", { class: "note-call-said", role: "status" });
    this.element = h("span", { class: "note-call" }, this.button, this.said);
    this.show("idle", action.label);
  }

  /** @param {"idle" | "asking" | "busy" | "done" | "failed"} state @param {string} words @param {string} [said] */
  show(state, words, said = "") {
    this.state = state;
    this.button.dataset.state = state;
    this.button.setAttribute("aria-disabled", `${state === "busy" || state === "done"}`);
    const sign = { idle: "", asking: "", busy: h("span", { class: "spinner" }), done: icon("check"), failed: "" }[
      state
    ];
    this.button.replaceChildren(sign, h("span", {}, words));
    this.said.dataset.state = state;
    this.said.textContent = said;
  }

  press() {
    if (this.state === "busy" || this.state === "done") return;
    if (this.action.method !== "DELETE" || this.state === "asking") this.send();
    else this.ask();
  }

  ask() {
    this.show("asking", `Really ${this.action.label}?`, this.what);
    setTimeout(() => this.state === "asking" && this.show("idle", this.action.label), PATIENCE);
  }

  async send() {
    const { label, method = "", path = "", body } = this.action;
    this.show("busy", label);
    try {
      await call(method, path, body, this.once);
      this.show("done", label, "Done.");
    } catch (error) {
      this.show("failed", "Try again", `${label}: ${/** @type {Error} */ (error).message}`);
    }
  }
}
