const TYPING = "input:not([type=checkbox]), textarea, select, dialog[open], [role=dialog], [contenteditable]";
const STORED = "aether:single-keys";

/**
 * Single keys that do something, from anywhere on the page but where one types. They can be switched off, for those who
 * speak to their computer or touch keys by accident (WCAG 2.1.4).
 */
export class Keys {
  /**
   * @param {Record<string, () => boolean | void>} commands By key; false where there was nothing to do.
   * @param {Pick<Storage, "getItem" | "setItem"> | null} storage
   */
  constructor(commands, storage) {
    this.commands = commands;
    this.storage = storage;
    document.addEventListener("keydown", (event) => this.pressed(event));
  }

  get areOn() {
    try {
      return this.storage?.getItem(STORED) !== "off";
    } catch {
      return true;
    }
  }

  /** @param {boolean} on */
  turn(on) {
    try {
      this.storage?.setItem(STORED, on ? "on" : "off");
    } catch {
      // A storage that is full or forbidden remembers nothing.
    }
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    const { key, target } = event;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (/** @type {Element} */ (target).closest?.(TYPING) || !Object.hasOwn(this.commands, key)) return;
    if (key.length === 1 && !this.areOn) return;
    if (this.commands[key]?.() !== false) event.preventDefault();
  }
}
