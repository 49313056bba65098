import { button, h, icon } from "./dom.js";
import { isGroup } from "./grouping.js";
import { Row } from "./row.js";
import { Rows } from "./rows.js";

/** @import { Entry, Group } from "./grouping.js" */
/** @import { RowActions } from "./row.js" */
/** @import { Item } from "./store.js" */

/** Members that are shown at first, and again with each "more". */
const STEP = 20;
let made = 0;

/** The rows of a list of entries: notifications, and groups of them that open. */
export class GroupRows extends Rows {
  /** @param {any} entry @returns {any} */
  make(entry) {
    return isGroup(entry) ? new GroupRow(this.tag, entry, this.actions) : super.make(entry);
  }
}

/**
 * A group as one entry: the newest one's row, whose buttons mean all of them, and a button that shows the others. It is
 * changed in place as more come.
 */
export class GroupRow {
  /** @param {"li" | "article"} tag @param {Group} group @param {RowActions} actions */
  constructor(tag, group, actions) {
    this.group = group;
    this.actions = actions;
    this.most = STEP;
    made += 1;
    this.head = new Row(tag, newest(group), this.meaningAll());
    this.count = h("span", { class: "note-count", "data-testid": "group-count" });
    this.list = h("ul", { class: "note-members", id: `members-${made}`, "data-testid": "group-members", hidden: true });
    this.members = new Rows(this.list, "li", actions);
    this.opener = button("group-toggle", "button quiet group-toggle", () => this.toggle());
    this.opener.setAttribute("aria-controls", this.list.id);
    this.opener.setAttribute("aria-expanded", "false");
    this.more = button("group-more", "button quiet group-toggle", () => this.showMore());
    this.element = this.head.element;
    this.element.classList.add("note-group");
    this.element.dataset.group = group.key;
    this.head.meta.prepend(this.count);
    this.head.body.append(this.opener);
    this.element.append(this.list, this.more);
    this.update(group);
  }

  get isOpen() {
    return !this.list.hidden;
  }

  /** @returns {RowActions} What the head's buttons do. */
  meaningAll() {
    const { actions } = this;
    return {
      ...actions,
      mark: (item, read) => (this.group.count > 1 ? actions.markGroup(this.group, read) : actions.mark(item, read)),
      remove: (item) => (this.group.count > 1 ? actions.removeGroup(this.group) : actions.remove(item)),
    };
  }

  /** @param {Group} group */
  update(group) {
    this.group = group;
    this.head.many = group.count;
    this.head.update(newest(group));
    this.count.hidden = group.count < 2;
    this.count.textContent = `${group.count}`;
    this.count.title = `${group.count} notifications, ${group.unread} unread`;
    this.opener.hidden = group.count < 2;
    this.label();
    if (group.count < 2 && this.isOpen) this.close();
    this.fill();
  }

  label() {
    const words = this.isOpen ? "Show the newest only" : `${this.group.count - 1} more`;
    if (this.opener.textContent === words) return;
    this.opener.replaceChildren(h("span", {}, words));
    this.opener.setAttribute("aria-label", `${words}: ${this.group.items[0]?.title}`);
  }

  toggle() {
    if (this.isOpen) this.close();
    else this.open();
  }

  open() {
    this.list.hidden = false;
    this.opener.setAttribute("aria-expanded", "true");
    this.label();
    this.fill();
    if (this.group.items.length - 1 < Math.min(STEP, this.group.count - 1)) this.actions.loadGroup(this.group);
  }

  close() {
    this.most = STEP;
    this.list.hidden = true;
    this.opener.setAttribute("aria-expanded", "false");
    this.members.show([], false);
    this.more.hidden = true;
    this.label();
  }

  showMore() {
    this.most += STEP;
    if (this.group.items.length - 1 < this.most) this.actions.loadGroup(this.group);
    this.fill();
  }

  fill() {
    const others = this.group.items.slice(1, this.most + 1);
    if (this.isOpen) this.members.show(others, true);
    const left = this.group.count - 1 - others.length;
    this.more.hidden = !this.isOpen || left <= 0;
    this.more.replaceChildren(icon("chevron-down"), h("span", {}, `Show more, ${left} left`));
  }

  conceal() {
    this.head.conceal();
    this.members.conceal();
  }

  /** @param {number} now */
  tick(now) {
    this.head.tick(now);
    this.members.tick(now);
  }
}

/** The group's newest one, as read as all of them are. @param {Group} group @returns {Item} */
function newest({ items, unread }) {
  const [item] = /** @type {[Item]} */ (/** @type {unknown} */ (items));
  const read = unread === 0;
  return item.read === read ? item : { ...item, read };
}
