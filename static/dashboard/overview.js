import { byId, h, icon, svg } from "./dom.js";
import { LEVELS } from "./row.js";
import { HOUR, HOURS, lastDay } from "./summary.js";

/** @import { Day } from "./summary.js" */
/** @import { View } from "./wishes.js" */

const HEIGHT = 72;
const WIDTH = 10;
const ORDER = /** @type {const} */ (["error", "warning", "success", "info"]);

/** The tiles on top and the chart of the last day. */
export class Overview {
  /** @param {{ choose: (filter: any) => void }} actions A tile shows in the feed what it counts. */
  constructor({ choose }) {
    /** @type {Map<string, { value: HTMLElement, note: HTMLElement }>} */
    this.tiles = new Map();
    this.drawn = "";
    byId("tiles").append(
      this.tile("unread", "bell", "Unread", () => choose("unread")),
      ...ORDER.map((level) => this.tile(level, level, LEVELS[level], () => choose(level))),
    );
  }

  /** @param {string} name @param {string} iconName @param {string} label @param {() => void} run */
  tile(name, iconName, label, run) {
    const value = h("span", { class: "tile-value", "data-testid": `tile-${name}` }, "–");
    const note = h("span", { class: "tile-note" }, "not known yet");
    this.tiles.set(name, { value, note });
    return h(
      "button",
      { type: "button", class: "tile", "data-level": name, click: run },
      h("span", { class: "tile-label" }, icon(iconName), label),
      value,
      note,
    );
  }

  /** @param {View} view @param {number} now */
  show(view, now) {
    if (view.phase !== "ready") return;
    const day = lastDay(view, now);
    this.set("unread", view.unread, `of ${view.total.toLocaleString()} in all`);
    const note = day.partial ? `among the latest ${day.total.toLocaleString()}` : "last 24 hours";
    for (const level of ORDER) this.set(level, day.levels[level] ?? 0, note);
    this.chart(day, now);
  }

  /** @param {string} name @param {number} count @param {string} note */
  set(name, count, note) {
    const tile = this.tiles.get(name);
    const value = count.toLocaleString();
    if (!tile || (tile.note.textContent === note && tile.value.textContent === value)) return;
    tile.value.textContent = value;
    tile.note.textContent = note;
  }

  /** @param {Day} day @param {number} now */
  chart(day, now) {
    const key = JSON.stringify([day.hours, Math.floor(now / HOUR)]);
    if (key === this.drawn) return;
    this.drawn = key;
    byId("day-total").textContent =
      `${day.partial ? "the latest " : ""}${day.total.toLocaleString()} ${day.total === 1 ? "notification" : "notifications"}`;
    const most = Math.max(4, ...day.hours.map((hour) => sum(hour)));
    const bars = day.hours.map((hour, index) => bar(hour, index, most, now));
    const words = `Notifications by hour. ${ORDER.map((level) => `${LEVELS[level]}: ${day.levels[level] ?? 0}`).join(", ")}.`;
    const chart = svg(
      "svg",
      { viewBox: `0 0 ${HOURS * WIDTH} ${HEIGHT}`, role: "img", "aria-label": words, preserveAspectRatio: "none" },
      ...bars,
    );
    byId("day").replaceChildren(
      chart,
      h(
        "p",
        { class: "axis muted", "aria-hidden": "true" },
        h("span", {}, "24 h ago"),
        h("span", {}, "12 h"),
        h("span", {}, "now"),
      ),
    );
  }
}

/** @param {Record<string, number>} hour @param {number} index @param {number} most @param {number} now */
function bar(hour, index, most, now) {
  const from = new Date(now - (HOURS - index) * HOUR);
  const title = svg("title", {});
  title.textContent = `${sum(hour)} around ${from.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`;
  const parts = [
    title,
    svg("rect", { class: "bar-ground", x: index * WIDTH + 1, y: HEIGHT - 2, width: WIDTH - 2, height: 2, rx: 1 }),
  ];
  let top = HEIGHT;
  for (const level of [...ORDER].reverse()) {
    const height = ((hour[level] ?? 0) / most) * (HEIGHT - 4);
    if (height === 0) continue;
    top -= height;
    parts.push(
      svg("rect", {
        class: "bar-part",
        "data-level": level,
        x: index * WIDTH + 1,
        y: top,
        width: WIDTH - 2,
        height,
        rx: 1,
      }),
    );
  }
  return svg("g", {}, ...parts);
}

/** @param {Record<string, number>} hour */
function sum(hour) {
  return Object.values(hour).reduce((total, count) => total + count, 0);
}
