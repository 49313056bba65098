import { byId } from "../dashboard/dom.js";

/** @import { Keys } from "./keys.js" */

/** The dialog that lists the keys, and switches them off. */
export class HelpDialog {
  constructor() {
    this.dialog = /** @type {HTMLDialogElement} */ (byId("shortcuts"));
    this.on = /** @type {HTMLInputElement} */ (byId("shortcuts-on"));
    byId("shortcuts-open").addEventListener("click", () => this.open());
    byId("shortcuts-close").addEventListener("click", () => this.dialog.close());
  }

  /** @param {Keys} keys */
  switches(keys) {
    this.on.checked = keys.areOn;
    this.on.addEventListener("change", () => keys.turn(this.on.checked));
  }

  open() {
    this.dialog.showModal();
    byId("shortcuts-close").focus();
  }
}
