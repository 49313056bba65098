/** The overview: tiles, the latest activity, the connection, the last hour and the last day. */

import { LastHour } from "./activity/hour.js";
import { ConnectionCard } from "./dashboard/connection-card.js";
import { Feed } from "./dashboard/feed.js";
import { Overview } from "./dashboard/overview.js";
import { startShell } from "./dashboard/shell.js";
import { browserClock } from "./realtime/clock.js";

const shell = startShell();
const feed = new Feed({ rows: shell.rows, reload: () => shell.poll(), compose: shell.compose });
const overview = new Overview({ choose: (filter) => feed.choose(filter) });
const card = new ConnectionCard({ retry: () => shell.retry() });

new LastHour(shell, browserClock);
shell.join({
  show({ view, account, facts, now }) {
    feed.show(view);
    overview.show(view, now);
    card.show(account, facts);
  },
  tick: (now) => feed.tick(now),
  conceal: () => feed.conceal(),
});
