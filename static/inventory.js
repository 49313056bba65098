/** All clusters, hosts and VMs. */

import { get } from "./dashboard/api.js";
import { byId, coalesced } from "./dashboard/dom.js";
import { keepLive } from "./dashboard/keep-live.js";
import { listState } from "./dashboard/list-state.js";
import { LiveCollection } from "./dashboard/live-collection.js";
import { pageStorage, Seen } from "./dashboard/seen.js";
import { startShell } from "./dashboard/shell.js";
import { inWords } from "./dashboard/state-box.js";
import { InventoryPage } from "./inventory/page.js";

const shell = startShell();
const inventory = new LiveCollection({ schedule: coalesced });
const person = { storage: pageStorage(), user: shell.config.user?.name ?? "" };
const seen = new Seen({ ...person, page: "inventory" });
const { reload } = keepLive(shell, inventory, {
  topic: "inventory",
  type: "inventory",
  load: () => get("/api/v1/inventory"),
});
const empty = inWords("inventory", "Nothing here yet", "Clusters, hosts and VMs appear here by themselves.");
const page = new InventoryPage({
  inventory,
  seen,
  person,
  state: (shown, showAll) => listState(inventory, { shown, empty, reload, showAll }),
  say: (text) => {
    byId("announcer").textContent = text;
  },
});

seen.follow(inventory, document);
shell.join({ tick: (now) => page.tick(now) });
