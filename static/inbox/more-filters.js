import { byId, h } from "../dashboard/dom.js";
import { local } from "./snooze-times.js";
import { SPANS } from "./spans.js";

/** @import { Query } from "../dashboard/query.js" */
/** @import { Wanted } from "./tabs.js" */

const OWN = "own";

/** Filters behind a button: category, what it is about, and when it was created. */
export class MoreFilters {
  /** @param {Query<any>} query @param {Record<string, string>} categories Their labels. */
  constructor(query, categories) {
    this.query = query;
    this.element = byId("inbox-more");
    this.boxes = new Map(Object.keys(categories).map((name) => [name, this.box(name)]));
    this.about = h("input", {
      autocomplete: "off",
      spellcheck: "false",
      maxlength: 200,
      "data-testid": "filter-about",
    });
    const spans = Object.entries(SPANS).map(([name, [word]]) => h("option", { value: name }, word));
    this.span = h(
      "select",
      { "data-testid": "filter-span", change: () => this.chooseSpan() },
      h("option", { value: "" }, "Any time"),
      ...spans,
      h("option", { value: OWN }, "Between two times"),
    );
    this.after = this.time("created_after");
    this.before = this.time("created_before");
    this.own = h("div", { class: "inbox-times" });
    this.own.append(h("label", {}, "From", this.after), h("label", {}, "Until", this.before));
    this.build(categories);
  }

  /** @param {Record<string, string>} categories */
  build(categories) {
    const labels = [...this.boxes].map(([name, box]) => h("label", { class: "inbox-box" }, box, categories[name]));
    const add = h("button", { type: "submit", class: "button", "data-testid": "filter-about-add" }, "Add");
    const submit = (/** @type {Event} */ event) => this.add(event);
    this.element.append(
      h("fieldset", {}, h("legend", {}, "Category"), h("div", { class: "inbox-boxes" }, ...labels)),
      h("form", { class: "inbox-about", submit }, h("label", {}, "About, such as a host", this.about), add),
      h("div", { class: "inbox-when" }, h("label", {}, "Created", this.span), this.own),
    );
  }

  /** @param {string} name */
  box(name) {
    return h("input", {
      type: "checkbox",
      "data-testid": `category-${name}`,
      change: () => toggle(this.query, "category", name),
    });
  }

  /** @param {"created_after" | "created_before"} name */
  time(name) {
    const change = () => {
      const time = field.value && new Date(field.value).toISOString();
      this.query.set({ span: "", [name]: time }, { step: true });
    };
    const field = h("input", { type: "datetime-local", "data-testid": name, change });
    return field;
  }

  /** @param {Event} event */
  add(event) {
    event.preventDefault();
    const entity = this.about.value.trim();
    this.about.value = "";
    if (entity && !this.query.values.related_entity.includes(entity)) toggle(this.query, "related_entity", entity);
  }

  chooseSpan() {
    const own = this.span.value === OWN;
    this.own.hidden = !own;
    if (own) this.after.focus();
    else this.query.set({ span: this.span.value, created_after: "", created_before: "" }, { step: true });
  }

  /** @param {Wanted} wanted */
  show({ category, span, created_after: after, created_before: before }) {
    for (const [name, box] of this.boxes) box.checked = category.includes(name);
    const own = after !== "" || before !== "";
    // Who has just chosen to name two times has not named them yet.
    if (own || span || this.span.value !== OWN) this.span.value = own ? OWN : Object.hasOwn(SPANS, span) ? span : "";
    this.own.hidden = this.span.value !== OWN;
    fill(this.after, after);
    fill(this.before, before);
  }
}

/** Choose one more, or one less. @param {Query<any>} query @param {"level" | "category" | "related_entity" | "group_key"} name @param {string} value */
export function toggle(query, name, value) {
  const held = /** @type {string[]} */ (query.values[name]);
  const others = held.filter((one) => one !== value);
  query.set({ [name]: others.length < held.length ? others : [...held, value] }, { step: true });
}

/** @param {HTMLInputElement} field @param {string} time */
function fill(field, time) {
  const value = Number.isNaN(Date.parse(time)) ? "" : local(new Date(time));
  if (field.value !== value && document.activeElement !== field) field.value = value;
}
