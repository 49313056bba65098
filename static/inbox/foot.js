import { button, byId, h } from "../dashboard/dom.js";

/** Below the list: whether more is coming, all is there, or the next page could not be had. */
export class Foot {
  /** @param {() => void} again */
  constructor(again) {
    this.element = byId("inbox-foot");
    this.words = h("p", { class: "muted", "data-testid": "inbox-status" });
    this.again = button("inbox-again", "button", again, "Try again");
    this.element.append(this.words, this.again);
  }

  /** @param {{ shown: number, loading: boolean, isAtEnd: boolean, error: Error | null }} scene */
  show({ shown, loading, isAtEnd, error }) {
    this.element.hidden = shown === 0;
    this.again.hidden = error === null;
    const going = loading ? "Loading older ones …" : isAtEnd ? "That is all." : "Older ones come as you scroll.";
    const text = error?.message ?? going;
    if (this.words.textContent !== text) this.words.textContent = text;
  }
}
