/** All clusters, hosts and VMs. */

import { get } from "./dashboard/api.js";
import { byId, coalesced } from "./dashboard/dom.js";
import { keepLive } from "./dashboard/keep-live.js";
import { listState } from "./dashboard/list-state.js";
import { LiveCollection } from "./dashboard/live-collection.js";
import { startShell } from "./dashboard/shell.js";
import { inWords, showState } from "./dashboard/state-box.js";

const shell = startShell();
const inventory = new LiveCollection({ schedule: coalesced });
const { reload } = keepLive(shell, inventory, {
  topic: "inventory",
  type: "inventory",
  load: () => get("/api/v1/inventory"),
});
const empty = inWords("inventory", "Nothing here yet", "Clusters, hosts and VMs appear here by themselves.");
const show = () => showState(byId("page-state"), listState(inventory, { shown: 0, empty, reload }));

inventory.onChange(show);
show();
