/** @type {import("./types.js").Clock} The browser's time. */
export const browserClock = {
  now: () => Date.now(),
  after: (work, delay) => setTimeout(work, delay),
  cancel: (timer) => clearTimeout(timer),
};
