const FOCUSABLE = "a[href], button:not([disabled]), input:not([type=hidden]), select, textarea, [tabindex='0']";

/**
 * A button that opens something: keeps `aria-expanded`, closes on Escape, a click elsewhere or a second press, and
 * gives the focus back to the button.
 */
export class Disclosure {
  /**
   * @param {HTMLElement} button
   * @param {HTMLElement} content
   * @param {{ modal?: boolean, opened?: () => void, closed?: () => void }} [options] A modal one keeps Tab inside.
   */
  constructor(button, content, { modal = false, opened = () => {}, closed = () => {} } = {}) {
    this.button = button;
    this.content = content;
    this.modal = modal;
    this.opened = opened;
    this.closed = closed;
    button.addEventListener("click", () => (this.isOpen ? this.close() : this.open()));
    document.addEventListener("keydown", (event) => this.isOpen && this.key(event));
    document.addEventListener("pointerdown", (event) => this.isOpen && this.press(event));
  }

  get isOpen() {
    return !this.content.hidden;
  }

  open() {
    this.content.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    this.opened();
    (this.modal ? this.content : this.focusable()[0])?.focus();
  }

  /** @param {{ refocus?: boolean }} [how] */
  close({ refocus = true } = {}) {
    this.content.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    this.closed();
    if (refocus) this.button.focus();
  }

  focusable() {
    const all = /** @type {NodeListOf<HTMLElement>} */ (this.content.querySelectorAll(FOCUSABLE));
    return [...all].filter((element) => element.offsetParent !== null);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key === "Escape") {
      event.preventDefault();
      this.close();
    } else if (event.key === "Tab" && this.modal) this.cycle(event);
  }

  /** @param {KeyboardEvent} event */
  cycle(event) {
    const all = this.focusable();
    const here = document.activeElement;
    const inside = this.content.contains(here);
    const edge = event.shiftKey ? here === all[0] || here === this.content : here === all.at(-1);
    if (inside && !edge) return;
    event.preventDefault();
    (event.shiftKey ? all.at(-1) : all[0])?.focus();
  }

  /** @param {PointerEvent} event */
  press(event) {
    const target = /** @type {Element} */ (event.target);
    const elsewhere = !this.content.contains(target) && !this.button.contains(target);
    // The toast that offers to undo what was done in here is no reason to close.
    if (elsewhere && !target.closest(".toasts")) this.close({ refocus: false });
  }
}
