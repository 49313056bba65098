/** How long the person may go on choosing before the server is asked, in milliseconds. */
const PAUSE = 200;

/** Says how many people a notification will reach, as the server counts them. */
export class Reach {
  /** @param {HTMLElement} element @param {string} url */
  constructor(element, url) {
    this.element = element;
    this.url = url;
    /** @type {string | null} What was asked last: an answer to anything else is too late. */
    this.asked = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** @param {string} [user] The id of the only user. @param {string} [group] That of the only user group. */
  ask(user = "", group = "") {
    const query = `${new URLSearchParams({ ...(user && { user }), ...(group && { group }) })}`;
    if (query === this.asked) return;
    this.asked = query;
    clearTimeout(this.timer);
    if (user && group) return this.say("Choose a user or a user group, not both.", true);
    this.timer = setTimeout(() => this.count(query, user, group), PAUSE);
  }

  /** @param {string} query @param {string} user @param {string} group */
  async count(query, user, group) {
    try {
      const answer = await fetch(`${this.url}?${query}`);
      const { people } = await answer.json();
      if (query !== this.asked) return;
      if (typeof people !== "number") throw new Error();
      const who = user ? "this user" : group ? "the active members of this user group" : "everyone who is active";
      const words = `Reaches ${people} ${people === 1 ? "person" : "people"}: ${who}.`;
      this.say(people > 0 ? words : "Reaches nobody: nobody in this audience is active.", people === 0);
    } catch {
      if (query !== this.asked) return;
      this.asked = null;
      this.say("How many it reaches cannot be counted now.", true);
    }
  }

  /** @param {string} words @param {boolean} warn */
  say(words, warn) {
    this.element.textContent = words;
    if (warn) this.element.dataset.tone = "warn";
    else delete this.element.dataset.tone;
  }
}
