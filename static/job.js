/** One job and its output. */

import { get } from "./dashboard/api.js";
import { byId, coalesced } from "./dashboard/dom.js";
import { keepLive } from "./dashboard/keep-live.js";
import { listState } from "./dashboard/list-state.js";
import { LiveCollection } from "./dashboard/live-collection.js";
import { startShell } from "./dashboard/shell.js";
import { inWords, showState } from "./dashboard/state-box.js";

const shell = startShell();
const jobs = new LiveCollection({ schedule: coalesced });
const { reload } = keepLive(shell, jobs, { topic: "jobs", type: "job", load: () => get("/api/v1/jobs") });
const empty = inWords("jobs", "Nothing is known of it", "There is no such job, or no longer.");
const show = () => showState(byId("page-state"), listState(jobs, { shown: 0, empty, reload }));

jobs.onChange(show);
show();
