/** Milliseconds in which one session can be replaced once. */
const WENT_ON = 30_000;
/**
 * Milliseconds before each look for a new session. Not at once: another tab may just be getting it, and Django's answer
 * to a request with the old one takes the cookie away, whichever that is by then.
 */
const ASK_AFTER = [1_500, 3_000];

/** Goes on with the session that the browser has now: one that ended may have been replaced, as with a new password. */
export class Renewal {
  /** @param {{ isSignedIn: () => Promise<boolean>, isSignedOut: () => boolean, connect: () => void }} options */
  constructor({ isSignedIn, isSignedOut, connect }) {
    this.isSignedIn = isSignedIn;
    this.isSignedOut = isSignedOut;
    this.connect = connect;
    this.wentOnAt = 0;
  }

  async look() {
    for (const delay of ASK_AFTER) {
      await new Promise((resolve) => setTimeout(resolve, delay));
      if (Date.now() - this.wentOnAt < WENT_ON || !this.isSignedOut()) return;
      if (!(await this.isSignedIn())) continue;
      this.wentOnAt = Date.now();
      return this.connect();
    }
  }
}
