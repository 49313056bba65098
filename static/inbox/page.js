import { read } from "../dashboard/api.js";
import { byId, coalesced } from "../dashboard/dom.js";
import { Query } from "../dashboard/query.js";
import { pageStorage } from "../dashboard/seen.js";
import { showState } from "../dashboard/state-box.js";
import { browserClock } from "../realtime/clock.js";
import { Actions } from "./actions.js";
import { Announcer } from "./announcer.js";
import * as api from "./api.js";
import { Commands } from "./commands.js";
import { Counts } from "./counts.js";
import { Details } from "./details.js";
import { stateOf } from "./empty.js";
import { Filters } from "./filters.js";
import { folded } from "./folding.js";
import { Foot } from "./foot.js";
import { Head } from "./head.js";
import { HelpDialog } from "./help-dialog.js";
import { Keys } from "./keys.js";
import { InboxList } from "./list.js";
import { Marks } from "./marks.js";
import { Newer } from "./newer.js";
import { Notes } from "./notes.js";
import { Pages } from "./pages.js";
import { Selection } from "./selection.js";
import { SnoozeDialog } from "./snooze-dialog.js";
import { TabBar } from "./tab-bar.js";
import { accepts, EVERYTHING, isFiltered, parametersOf, tabOf } from "./tabs.js";
import { dismissing } from "./verbs.js";
import { shownOf } from "./view.js";
import { wished } from "./wishes.js";

/** @import { Shell } from "../dashboard/shell.js" */
/** @import { Note } from "./notes.js" */
/** @import { Wanted } from "./tabs.js" */
/** @import { Name } from "./verbs.js" */

const TOPIC = "notifications";

/** The inbox: all of a person's notifications, and what they do with them. */
export class InboxPage {
  /** @param {Shell} shell */
  constructor(shell) {
    this.shell = shell;
    const { user, categories = {} } = shell.config;
    if (user?.permissions?.delete !== true) dismissing();
    this.render = coalesced(() => this.show());
    this.notes = new Notes();
    this.pages = new Pages({ notes: this.notes, list: api.list, changed: this.render });
    this.counts = new Counts({ clock: browserClock, ask: api.counts, changed: this.render });
    this.selection = new Selection(this.render);
    this.actions = this.makeActions();
    this.query = new Query(EVERYTHING, () => this.chosen());
    this.list = this.makeList();
    const help = new HelpDialog();
    this.commands = this.makeCommands();
    this.tabs = new TabBar(byId("inbox-tabs"), this.query);
    this.filters = new Filters(byId("inbox-filters"), this.query, categories);
    this.head = this.makeHead();
    // After what opens and closes: Escape is theirs first.
    help.switches(
      new Keys(
        this.commands.byKey(() => help.open()),
        pageStorage(),
      ),
    );
    this.foot = new Foot(() => this.pages.more());
    this.marks = new Marks({ user: user?.name ?? "", changed: this.render });
    this.announcer = new Announcer(byId("announcer"), browserClock);
    this.newer = new Newer(byId("inbox-new"), this.announcer, () => this.release());
    /** @type {{ key: string, total: number } | null} How many a filter finds. */
    this.matching = null;
    /** How many of the view are loaded. */
    this.known = 0;
    /** The view of which was told how many it has. */
    this.announced = "";
    this.follow();
    this.chosen();
    this.counts.load();
  }

  makeActions() {
    const { toasts, inbox } = this.shell;
    return new Actions({
      notes: this.notes,
      toasts,
      changed: this.render,
      confirmed: (before, after) => this.counts.adjust(before, after),
      restoring: (ids) => {
        for (const id of ids) inbox.restoring.add(id);
      },
      returning: (notes) => {
        for (const note of notes) inbox.away.put(note.id, note.snoozed_until);
      },
    });
  }

  /** @returns {InboxList} */
  makeList() {
    const act = (/** @type {Name} */ name, /** @type {Note} */ note) => this.commands.to(name, [note]);
    const details = new Details({
      act,
      about: (entity) => this.query.set({ ...EVERYTHING, related_entity: [entity] }, { step: true }),
      group: (key) => this.query.set({ ...EVERYTHING, tab: this.wanted.tab, group_key: [key] }, { step: true }),
      read: ({ id }) => read(id),
      resized: (height) => this.list.resized(height),
    });
    const context = {
      details,
      act,
      isSelected: (/** @type {string} */ id) => this.selection.has(id),
      mark: (/** @type {string} */ id) => this.marks.of(id),
      toggle: (/** @type {Note} */ note) => this.commands.toggle(note),
      select: (/** @type {Note} */ { id }, /** @type {boolean} */ range) =>
        this.selection.toggle(id, this.list.notes, { range }),
    };
    return new InboxList(byId("inbox-list"), context, {
      moved: () => this.moved(),
      setSize: (count) => (this.pages.isAtEnd ? count : this.list.members.size > 0 ? -1 : (this.total() ?? -1)),
    });
  }

  /** @returns {Commands} */
  makeCommands() {
    const { actions, list, pages, selection, render } = this;
    const snooze = new SnoozeDialog();
    return new Commands({ actions, list, pages, selection, snooze, render, total: () => this.total() });
  }

  makeHead() {
    const { selection, commands } = this;
    return new Head(byId("inbox-head"), {
      select: (all) => (all ? selection.all(this.list.notes) : selection.clear()),
      whole: () => selection.whole(),
      act: (name) => commands.toSelected(name),
      readAll: () => commands.readAll(),
    });
  }

  follow() {
    const { client } = this.shell;
    client.on("notification", (message) => this.receive(message));
    client.on("unread_count", (message) => this.counts.said(message.unread_count));
    const anew = () => {
      this.pages.refresh();
      this.counts.refresh();
    };
    client.on("initial_state", anew);
    client.on("snapshot", ({ topic }) => topic === TOPIC && anew());
    this.shell.join({
      show: () => this.marks.take(this.shell.inbox.state),
      tick: () => this.list.list.refresh(),
      conceal: () => this.list.details.conceal(),
      poll: () => Promise.all([this.pages.refresh(1), this.counts.load()]),
    });
  }

  /** @param {Record<string, any>} message */
  receive(message) {
    const belongs = accepts(this.wanted, Date.now());
    for (const { kind, note, before } of this.notes.receive(message)) {
      this.counts.adjust(before, kind === "gone" ? null : note);
      const seen = before && wished(before, this.actions.wishes);
      const entered = kind !== "gone" && belongs(note) && !(seen && belongs(seen));
      if (entered && this.list.isReading && this.pages.covers(note)) this.newer.ids.add(note.id);
    }
    this.counts.said(message.unread_count);
    this.render();
  }

  /** @returns {Wanted} */
  get wanted() {
    return /** @type {any} */ (this.query.values);
  }

  /** Another tab, another filter, or back to one. */
  chosen() {
    const { wanted, pages, list } = this;
    const now = Date.now();
    this.newer.ids.clear();
    this.selection.clear();
    list.close();
    list.toTop();
    pages.choose(JSON.stringify(wanted), parametersOf(wanted, now), accepts(wanted, now));
    if (isFiltered(wanted)) this.count(pages.key);
    this.render();
  }

  /** Ask how many a filter finds. @param {string} key */
  async count(key) {
    const answer = await api.counts(this.pages.parameters).catch(() => null);
    if (key !== this.pages.key || !answer) return;
    this.matching = { key, total: answer.total };
    this.render();
  }

  /** @returns {number | null} How many the view has in all; null while nobody knows. */
  total() {
    const { pages, matching } = this;
    if (pages.isAtEnd) return this.known;
    if (isFiltered(this.wanted)) return matching?.key === pages.key ? matching.total : null;
    return this.counts.tabs?.[tabOf(this.wanted)] ?? null;
  }

  moved() {
    if (this.newer.ids.size > 0 && !this.list.isReading) this.release();
    this.showFoot();
    this.fill();
  }

  /** Show what waits above. */
  release() {
    this.newer.ids.clear();
    this.list.close();
    this.list.toTop();
    this.render();
  }

  /** Load more where the end comes near. */
  fill() {
    const { pages, actions } = this;
    if (!pages.error && !actions.progress && !pages.isAtEnd && pages.reach && this.list.isNearEnd) pages.more();
  }

  show() {
    const { pages, list, selection, actions, wanted, newer } = this;
    const { notes, delta } = shownOf(this.notes.values(), {
      wishes: actions.wishes,
      accepts: (note) => pages.accepts(note) && pages.covers(note),
      keeps: (note) => note.id === list.open && pages.accepts({ ...note, read: false }),
      waiting: newer.ids,
    });
    // Who looks at one group, or for something, wants each by itself.
    const apart = wanted.group_key.length > 0 || wanted.q !== "";
    const { entries, members } = apart ? { entries: notes, members: new Map() } : folded(notes);
    this.known = notes.length;
    selection.keep(entries);
    this.tabs.show(wanted, this.counts.with(delta));
    this.filters.show(wanted);
    list.show(entries, members, pages.loading);
    this.showHead(entries);
    this.showState(entries.length);
    this.showFoot();
    newer.show();
    this.fill();
  }

  /** That is all, once the last one is in sight. */
  showFoot() {
    const { pages, list } = this;
    const isAtEnd = pages.isAtEnd && list.isAtBottom;
    this.foot.show({ ...pages.standing, isAtEnd, shown: list.notes.length });
  }

  /** @param {readonly Note[]} notes */
  showHead(notes) {
    const { selection, actions, pages, list } = this;
    const { everything } = selection;
    const ticked = notes.filter(({ id }) => selection.has(id));
    this.head.show({
      tab: tabOf(this.wanted),
      shown: notes.length,
      ticked: ticked.length,
      loaded: this.known,
      selected: list.unfolded(ticked).length,
      everything,
      total: this.total(),
      mayBeUnread: notes.some(({ read: isRead }) => !isRead) || !pages.isAtEnd,
      progress: actions.progress,
    });
  }

  /** @param {number} shown */
  showState(shown) {
    const { pages } = this;
    const tab = tabOf(this.wanted);
    const scene = { tab, shown, filtered: isFiltered(this.wanted), ...pages.standing };
    // What is done with everything leaves nothing: more is looked for once it is done.
    if (this.actions.progress) scene.isAtEnd = true;
    const reload = () => {
      pages.more();
      this.shell.poll();
    };
    showState(byId("page-state"), stateOf(scene, { reload, clear: () => this.filters.clear() }));
    byId("inbox-list").hidden = shown === 0;
    if (pages.reach === null || this.announced === pages.key) return;
    const total = this.total() ?? shown;
    // The first one is on the page when it is read out; those after it take its place without a word.
    if (this.announced)
      this.announcer.say("view", `${total.toLocaleString()} ${total === 1 ? "notification" : "notifications"}.`);
    this.announced = pages.key;
  }
}
