import { h } from "../dashboard/dom.js";
import { Row } from "../dashboard/row.js";
import { Toasts } from "../dashboard/toasts.js";
import { Reach } from "./reach.js";

/** @import { Item } from "../dashboard/store.js" */

const side = /** @type {HTMLElement} */ (document.getElementById("compose-side"));
const form = /** @type {HTMLFormElement} */ (side.closest("form"));
/** What everyone is told of a sensitive one. */
const NEUTRAL = { title: "Sensitive notification", message: "", related_entity: null, link: null, actions: [] };
/** A preview stays as long as the page. */
const still = { now: () => Date.now(), after: () => 0, cancel: () => {} };

/** @param {string} name @returns {any} The field of that name, where the form has it. */
const field = (name) => form.elements.namedItem(name);

/** @param {string} name @param {string} [otherwise] What a field that cannot be edited says, where it is shown. */
function value(name, otherwise = "") {
  const found = field(name);
  return found ? String(found.value) : (shown(name) ?? otherwise);
}

/** @param {string} name @returns {string | undefined} */
function shown(name) {
  return document.querySelector(`.field-${name} .readonly`)?.textContent?.trim();
}

/** @param {string} name @returns {any} JSON that was typed; null while it is none. */
function parsed(name) {
  try {
    return JSON.parse(value(name, "null"));
  } catch {
    return null;
  }
}

let version = 0;

/** @returns {Item} The notification as the dashboard would get it. */
function item() {
  version += 1;
  const sensitive = field("sensitive") ? field("sensitive").checked : side.dataset.sensitive === "true";
  const actions = parsed("actions");
  const said = {
    title: value("title").trim() || "Title",
    message: value("message").replaceAll("\r\n", "\n"),
    related_entity: value("related_entity").trim() || null,
    link: value("link").trim() || null,
    actions: Array.isArray(actions) ? actions : [],
  };
  return /** @type {any} */ ({
    id: "preview",
    version,
    offset: null,
    read: false,
    archived: false,
    saved: false,
    snoozed_until: null,
    group_key: null,
    metadata: {},
    created_at: new Date().toISOString(),
    level: value("level", "info"),
    category: value("category"),
    sensitive,
    ...said,
    ...(sensitive ? NEUTRAL : {}),
  });
}

/** A place with the dashboard's own styles, which the admin's do not reach. @param {string} id */
function place(id) {
  const host = /** @type {HTMLElement} */ (document.getElementById(id));
  const root = host.attachShadow({ mode: "open" });
  const { base, notes, panel, groups } = side.dataset;
  for (const href of [base, notes, panel, groups]) root.append(h("link", { rel: "stylesheet", href: href ?? "" }));
  const inside = h("div", {});
  root.append(inside);
  return inside;
}

document.documentElement.dataset.icons = side.dataset.icons;
const rowPlace = place("preview-row");
const toastPlace = place("preview-toast");
rowPlace.className = "compose-list";
const outside = h("div", { id: "toasts", hidden: true });
document.body.append(outside);
const toasts = new Toasts({ clock: /** @type {any} */ (still), open: () => {} });
toasts.container = toastPlace;
const nothing = /** @type {any} */ (
  new Proxy({ removeWord: "Delete" }, { get: (own, name) => Reflect.get(own, name) ?? (() => Promise.resolve({})) })
);

function preview() {
  const now = item();
  rowPlace.replaceChildren(new Row("article", now, nothing).element);
  toastPlace.replaceChildren();
  toasts.one(now);
  const words = document.getElementById("send-words");
  if (words) words.textContent = value("deliver_at_0") ? "Schedule" : "Send";
}

const reach = new Reach(/** @type {HTMLElement} */ (document.getElementById("reach")), side.dataset.reach ?? "");

function count() {
  reach.ask(
    value("user") && field("user") ? value("user") : side.dataset.user,
    field("group")?.value ?? side.dataset.group,
  );
}

/** Send what is typed to oneself, and say what became of it. @param {HTMLButtonElement} button */
async function sendToMe(button) {
  const said = /** @type {HTMLElement} */ (document.getElementById("me-only-said"));
  button.disabled = true;
  said.replaceChildren();
  try {
    const answer = await fetch(side.dataset.meOnly ?? "", { method: "POST", body: new FormData(form) });
    const { errors } = answer.status === 400 ? await answer.json() : { errors: [] };
    if (!answer.ok && answer.status !== 400) throw new Error(`The server answered ${answer.status}.`);
    said.dataset.tone = answer.ok ? "good" : "bad";
    if (answer.ok) said.append("Sent to you, and to nobody else.");
    else said.append(h("p", {}, "Not sent:"), h("ul", {}, ...errors.map(problem)));
  } catch (error) {
    said.dataset.tone = "bad";
    said.append(`Not sent. ${/** @type {Error} */ (error).message}`);
  } finally {
    button.disabled = false;
  }
}

/** @param {{ field: string, label: string, errors: string[] }} problem */
function problem({ field: name, label, errors }) {
  const target = document.getElementById(`id_${name}`);
  const words = target ? h("a", { href: `#id_${name}` }, label) : label;
  return h("li", {}, words, label ? ": " : "", errors.join(" "));
}

for (const event of ["input", "change"]) {
  form.addEventListener(event, () => {
    preview();
    count();
  });
}
// The choice of a user is a widget of jQuery's, whose events are its own.
const { django } = /** @type {any} */ (globalThis);
django?.jQuery("#id_user, #id_group").on("change", count);
const meOnly = /** @type {HTMLButtonElement | null} */ (document.getElementById("me-only"));
meOnly?.addEventListener("click", () => sendToMe(meOnly));
preview();
count();
