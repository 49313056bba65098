import { h, icon } from "./dom.js";

/**
 * @typedef {"good" | "bad" | "busy" | "warn" | "off" | "plain"} Tone
 * @typedef {{ tone: Tone, icon: string, word: string }} State
 */

/** @type {Record<string, Record<string, State>>} By kind of object, then by the state as the server says it. */
const STATES = {
  vm: {
    Running: { tone: "good", icon: "play", word: "Running" },
    Off: { tone: "off", icon: "power", word: "Off" },
    Paused: { tone: "warn", icon: "pause", word: "Paused" },
    Saved: { tone: "off", icon: "saved", word: "Saved" },
    Starting: { tone: "busy", icon: "working", word: "Starting" },
    Stopping: { tone: "busy", icon: "working", word: "Stopping" },
    Creating: { tone: "busy", icon: "plus", word: "Creating" },
    Deleting: { tone: "busy", icon: "trash", word: "Deleting" },
    Unknown: { tone: "warn", icon: "question", word: "Unknown" },
  },
  host: {
    connected: { tone: "good", icon: "plug", word: "Connected" },
    disconnected: { tone: "bad", icon: "unplugged", word: "Disconnected" },
  },
  job: {
    pending: { tone: "plain", icon: "clock", word: "Pending" },
    running: { tone: "busy", icon: "working", word: "Running" },
    completed: { tone: "good", icon: "success", word: "Completed" },
    failed: { tone: "bad", icon: "error", word: "Failed" },
    cancelled: { tone: "off", icon: "cancelled", word: "Cancelled" },
  },
};

/** @param {string} kind @returns {string[]} Its states, for a filter. */
export function statesOf(kind) {
  return Object.keys(STATES[kind] ?? {});
}

/** A state's word, icon and tone; one that this page does not know reads as it came. @param {string} kind @param {string} state
 * @returns {State} */
export function stateOf(kind, state) {
  const known = STATES[kind];
  const found = known && Object.hasOwn(known, state) ? known[state] : undefined;
  return found ?? { tone: "plain", icon: "question", word: state };
}

/** A state in icon and word, never in colour alone; changed in place. */
export class StateChip {
  /** @param {string} kind `vm`, `host` or `job`. */
  constructor(kind) {
    this.kind = kind;
    this.element = h("span", { class: "state-chip", "data-testid": "state-chip" });
  }

  /** @param {string} state As the server says it. */
  show(state) {
    if (this.element.dataset.state === state) return;
    const { tone, icon: name, word } = stateOf(this.kind, state);
    this.element.dataset.state = state;
    this.element.dataset.tone = tone;
    this.element.replaceChildren(icon(name), word);
  }
}
