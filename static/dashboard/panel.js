import { badge } from "./connection.js";
import { Disclosure } from "./disclosure.js";
import { byId } from "./dom.js";
import { GroupRows } from "./group-rows.js";
import { entries } from "./grouping.js";
import { inWords, showState } from "./state-box.js";

/** @import { Account } from "./connection.js" */
/** @import { RowActions } from "./row.js" */
/** @import { View } from "./wishes.js" */

/** How many rows are made at first, and again with each "Load older". */
const PAGE = 100;
/** With fewer entries than this the panel loads older ones by itself: the rest are in groups. */
const FEW = 10;

/** The bell and the panel that it opens. */
export class Panel {
  /** @param {{ rows: RowActions, readAll: () => void, loadOlder: () => Promise<unknown>, countGroups: () => Promise<unknown>, reload: () => void, opened: () => void }} actions */
  constructor(actions) {
    this.actions = actions;
    this.bell = byId("bell");
    this.list = new GroupRows(byId("panel-list"), "li", actions.rows);
    this.most = PAGE;
    /** @type {View | null} */
    this.view = null;
    const backdrop = byId("panel-backdrop");
    this.disclosure = new Disclosure(this.bell, byId("panel"), {
      modal: true,
      opened: () => this.opened(backdrop),
      closed: () => {
        backdrop.hidden = true;
        this.conceal();
      },
    });
    byId("panel-close").addEventListener("click", () => this.disclosure.close());
    byId("read-all").addEventListener("click", () => actions.readAll());
    byId("older").addEventListener("click", (event) =>
      this.older(/** @type {HTMLButtonElement} */ (event.currentTarget)),
    );
  }

  get isOpen() {
    return this.disclosure.isOpen;
  }

  open() {
    if (!this.isOpen) this.disclosure.open();
  }

  /** @param {HTMLElement} backdrop */
  opened(backdrop) {
    backdrop.hidden = false;
    this.actions.opened();
    if (!this.view) return;
    this.fill(this.view);
    this.actions.countGroups();
    const { next, items, phase } = this.view;
    if (phase === "ready" && next !== null && entries(items).length < FEW) this.actions.loadOlder();
  }

  /** @param {View} view @param {Account} account @param {string} asOf When the list was last right, in words. */
  show(view, account, asOf) {
    this.view = view;
    this.showBell(view, account);
    const banner = byId("panel-banner");
    banner.hidden = account.state === "connected" || account.state === "connecting" || view.phase === "loading";
    banner.textContent = `${account.title}. ${asOf ? `As of ${asOf}.` : ""}`;
    if (this.isOpen) this.fill(view);
  }

  /** @param {View} view @param {Account} account */
  showBell({ unread }, account) {
    const count = byId("bell-count");
    count.hidden = unread === 0;
    count.textContent = unread > 0 ? badge(unread) : "";
    this.bell.dataset.state = account.state;
    const words = `Notifications, ${unread} unread. ${account.title}`;
    if (byId("bell-words").textContent !== words) byId("bell-words").textContent = words;
    this.bell.title = words;
  }

  /** @param {View} view */
  fill(view) {
    byId("panel-count").textContent =
      view.phase === "ready" ? `${view.unread.toLocaleString()} unread of ${view.total.toLocaleString()}` : "";
    /** @type {HTMLButtonElement} */ (byId("read-all")).disabled = view.unread === 0;
    const all = entries(view.items, view.beyond);
    this.list.show(all.slice(0, this.most), view.phase === "ready");
    byId("older").hidden = view.next === null && all.length <= this.most;
    showState(byId("panel-state"), this.content(view));
  }

  /** @param {View} view @returns {import("./state-box.js").Content} */
  content({ phase, items, next }) {
    if (phase === "loading") return { kind: "loading" };
    const again = { words: "Try again", run: this.actions.reload };
    if (phase === "error") return inWords("plug", "Nothing could be loaded", "The server cannot be reached.", again);
    if (items.length > 0 || next !== null) return { kind: "none" };
    return inWords("inbox", "All quiet", "What happens next appears here by itself.");
  }

  /** @param {HTMLButtonElement} button */
  async older(button) {
    this.most += PAGE;
    if (this.view && entries(this.view.items).length >= this.most) return this.fill(this.view);
    button.disabled = true;
    this.list.settled = false;
    await this.actions.loadOlder();
    button.disabled = false;
  }

  /** Hide what sensitive ones say. */
  conceal() {
    this.list.conceal();
  }

  /** @param {number} now */
  tick(now) {
    if (this.isOpen) this.list.tick(now);
  }
}
