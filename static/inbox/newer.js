/** @import { Announcer } from "./announcer.js" */

/** What has come above while somebody reads below: it waits behind a button that counts it. */
export class Newer {
  /** @param {HTMLElement} button @param {Announcer} announcer @param {() => void} release Show them. */
  constructor(button, announcer, release) {
    this.button = button;
    this.announcer = announcer;
    /** @type {Set<string>} */
    this.ids = new Set();
    button.addEventListener("click", release);
  }

  show() {
    const count = this.ids.size;
    this.button.hidden = count === 0;
    const text = `${count.toLocaleString()} new`;
    if (count === 0 || this.button.textContent === text) return;
    this.button.textContent = text;
    this.announcer.say("new", `${text} above.`);
  }
}
