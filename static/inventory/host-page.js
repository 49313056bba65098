import { byId } from "../dashboard/dom.js";
import { Seen } from "../dashboard/seen.js";
import { showState } from "../dashboard/state-box.js";
import { StateChip } from "../dashboard/state-chip.js";
import { absolute, ago } from "../dashboard/time.js";
import { Expansion } from "./expansion.js";
import { Fields, gigabytes } from "./fields.js";
import { NONE } from "./flatten.js";
import { Places } from "./places.js";
import { RecentNotes } from "./recent-notes.js";
import { RelatedJobs } from "./related-jobs.js";
import { Subject, standingState } from "./standing.js";
import { TreeGrid } from "./tree-grid.js";

/** @import { Data, LiveCollection } from "../dashboard/live-collection.js" */
/** @import { Shell } from "../dashboard/shell.js" */
/** @import { Line } from "./flatten.js" */

/** One host: what is known of it, its VMs, what was told of it, what was done on it. */
export class HostPage {
  /** @param {{ shell: Shell, inventory: LiveCollection, id: string, reload: () => Promise<void>, seen: Seen }} parts */
  constructor({ shell, inventory, id, reload, seen }) {
    this.shell = shell;
    this.inventory = inventory;
    this.reload = reload;
    this.id = id;
    this.app = shell.config.app_name ?? "Aether";
    this.subject = new Subject(inventory, `host:${id}`);
    this.places = new Places(inventory);
    this.chip = new StateChip("host");
    this.fields = new Fields(byId("fields"));
    this.notes = new RecentNotes(shell, byId("notes"), byId("notes-state"));
    this.jobs = new RelatedJobs(shell, byId("jobs"), byId("jobs-state"));
    const expansion = new Expansion({ storage: null, user: "" });
    const since = (/** @type {string} */ vm, /** @type {number} */ version) => seen.since(vm, version);
    this.grid = new TreeGrid({ expansion, changed: () => this.show(), since });
    byId("state-chip").append(this.chip.element);
    inventory.onChange((change) => {
      this.places.apply(change);
      this.show();
    });
    shell.join({ tick: () => this.show() });
    this.notes.about([id]);
    this.jobs.about([id], (job) => job.target_host === id);
    this.show();
  }

  show() {
    const standing = this.subject.look();
    const { data: host } = this.subject;
    const { error } = this.inventory;
    showState(byId("page-state"), standingState(standing, { what: "host", error, reload: this.reload }));
    byId("state-card").hidden = standing === "there";
    byId("about").hidden = host === null;
    byId("about").dataset.standing = standing;
    byId("state-chip").hidden = standing !== "there";
    if (!host) return;
    this.chip.show(host.connected ? "connected" : "disconnected");
    byId("doubt").hidden = host.connected || standing === "gone";
    byId("doubt-error").textContent = host.error ?? "";
    this.showVMs(host);
  }

  /** @param {Data} host */
  showVMs(host) {
    const ids = this.places.within(this.subject.id);
    const lines = ids.map((id, index) => lineOf(id, this.inventory.get(id) ?? null, index, ids.length));
    const running = lines.filter(({ data }) => data?.state === "Running");
    const total = (/** @type {string} */ name) => lines.reduce((sum, { data }) => sum + (data?.[name] ?? 0), 0);
    this.fields.show(fieldsOf(host, { cores: total("cpu_cores"), memory: total("memory_gb") }));
    byId("found").textContent = lines.length ? `${running.length} of ${lines.length} running` : "none";
    byId("tree-card").classList.toggle("without-rows", lines.length === 0);
    this.grid.show(lines);
    this.grid.tick();
  }
}

/** @param {Data} host @param {{ cores: number, memory: number }} given To its VMs. @returns {import("./fields.js").Field[]} */
function fieldsOf(host, given) {
  const now = Date.now();
  const since = (/** @type {string | null} */ time) =>
    time ? { value: ago(time, now), title: absolute(time), time } : { value: "" };
  const cluster = host.cluster ?? "";
  const cores = host.total_cpu_cores;
  return [
    { label: "Cluster", value: cluster, href: `/inventory?${new URLSearchParams({ cluster })}` },
    { label: "State since", ...since(host.state_changed_at) },
    { label: "Last seen", ...(host.connected ? { value: "" } : since(host.last_seen)) },
    { label: "Error", value: host.error ?? "" },
    { label: "Processors", value: cores ? `${cores} cores, ${given.cores} given to VMs` : "" },
    {
      label: "Memory",
      value: host.total_memory_gb
        ? `${gigabytes(host.total_memory_gb)}, ${gigabytes(given.memory) || "none"} given to VMs`
        : "",
    },
    { label: "Last change", ...since(host.updated_at) },
  ];
}

/** @param {string} id @param {Data | null} data @param {number} index @param {number} siblings @returns {Line} */
function lineOf(id, data, index, siblings) {
  return { id, kind: "vm", data, level: 1, open: null, place: index + 1, siblings, counts: NONE };
}
