/** One host and its VMs. */

import { get } from "./dashboard/api.js";
import { coalesced } from "./dashboard/dom.js";
import { keepLive } from "./dashboard/keep-live.js";
import { LiveCollection } from "./dashboard/live-collection.js";
import { pageStorage, Seen } from "./dashboard/seen.js";
import { startShell } from "./dashboard/shell.js";
import { HostPage } from "./inventory/host-page.js";

const shell = startShell();
const inventory = new LiveCollection({ schedule: coalesced });
const { reload } = keepLive(shell, inventory, {
  topic: "inventory",
  type: "inventory",
  load: () => get("/api/v1/inventory"),
});
// What is marked here was seen, or not, on the inventory page; only that one takes everything for seen.
const seen = new Seen({ storage: pageStorage(), user: shell.config.user?.name ?? "", page: "inventory" });
new HostPage({ shell, inventory, id: shell.config.object_id, reload, seen });
