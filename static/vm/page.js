import { byId, h } from "../dashboard/dom.js";
import { showState } from "../dashboard/state-box.js";
import { StateChip } from "../dashboard/state-chip.js";
import { absolute, ago } from "../dashboard/time.js";
import { Fields, gigabytes } from "../inventory/fields.js";
import { addressesOf } from "../inventory/filters.js";
import { PartsList } from "../inventory/parts-list.js";
import { RecentNotes } from "../inventory/recent-notes.js";
import { isAbout, RelatedJobs } from "../inventory/related-jobs.js";
import { followOne, standingState } from "../inventory/standing.js";

/** @import { Data } from "../dashboard/live-collection.js" */
/** @import { Shell } from "../dashboard/shell.js" */

/** One VM: what is known of it, what was told of it, what was done with it. */
export class VMPage {
  /** @param {Shell} shell @param {string} id */
  constructor(shell, id) {
    this.shell = shell;
    this.app = shell.config.app_name ?? "Aether";
    this.chip = new StateChip("vm");
    this.host = new StateChip("host");
    this.hostLink = h("a", {});
    this.hostWords = h("span", { class: "with-chip" }, this.hostLink, this.host.element);
    this.main = new Fields(byId("fields"));
    this.system = new Fields(byId("system-fields"));
    this.disks = new PartsList(byId("disks-card"), byId("disks"));
    this.networks = new PartsList(byId("networks-card"), byId("networks"));
    this.notes = new RecentNotes(shell, byId("notes"), byId("notes-state"));
    this.jobs = new RelatedJobs(shell, byId("jobs"), byId("jobs-state"));
    /** @type {ReturnType<typeof followOne> | null} The host that it is on. */
    this.on = null;
    this.followed = followOne(shell, "vm", id, () => this.show());
    byId("state-chip").append(this.chip.element);
    shell.join({ tick: () => this.show() });
    this.show();
  }

  show() {
    const { subject, reload } = this.followed;
    const standing = subject.look();
    const { data: vm } = subject;
    const error = subject.collection.error;
    showState(byId("page-state"), standingState(standing, { what: "VM", error, reload }));
    byId("state-card").hidden = standing === "there";
    byId("about").hidden = vm === null;
    byId("about").dataset.standing = standing;
    byId("state-chip").hidden = standing !== "there";
    if (vm) this.fill(vm, standing === "gone");
  }

  /** @param {Data} vm @param {boolean} gone */
  fill(vm, gone) {
    const title = `${vm.name} · Inventory · ${this.app}`;
    if (byId("page-title").textContent !== vm.name) byId("page-title").textContent = vm.name;
    if (this.shell.title !== title) {
      this.shell.title = title;
      this.shell.show();
    }
    this.chip.show(vm.state);
    this.follow(vm.host);
    this.main.show(this.fieldsOf(vm, gone));
    this.system.show([
      { label: "System", value: vm.os_name ?? vm.os_family },
      { label: "Family", value: vm.os_name ? vm.os_family : null },
      { label: "Processors", value: vm.cpu_cores ? `${vm.cpu_cores} ${vm.cpu_cores === 1 ? "core" : "cores"}` : "" },
      { label: "Memory", value: gigabytes(vm.memory_gb) },
      { label: "Generation", value: vm.generation === null ? "" : `${vm.generation}` },
    ]);
    this.disks.show(vm.disks);
    this.networks.show(vm.networks);
    byId("notes-card").hidden = !vm.notes;
    if (byId("vm-notes").textContent !== vm.notes) byId("vm-notes").textContent = vm.notes;
    const names = new Set([vm.id, vm.name]);
    this.notes.about([...names]);
    this.jobs.about([...new Set([vm.name, vm.host])], (job) => isAbout(job, names));
  }

  /** @param {Data} vm @param {boolean} gone @returns {import("../inventory/fields.js").Field[]} */
  fieldsOf(vm, gone) {
    const now = Date.now();
    const [address, ...others] = addressesOf(vm);
    const since = (/** @type {string} */ time) => ({ value: ago(time, now), title: absolute(time), time });
    return [
      { label: gone ? "Last state" : "State", value: gone ? vm.state : "" },
      { label: "Host", value: this.hostWords },
      { label: "State since", ...since(vm.state_changed_at) },
      { label: "Address", value: address ?? "" },
      { label: "Further addresses", value: others.join(", ") },
      { label: "Id", value: vm.id },
      { label: "Known since", ...since(vm.created_at) },
      { label: "Last change", ...since(vm.updated_at) },
    ];
  }

  /** Say on top of the page what it is in. @param {string} host */
  crumbs(host) {
    const cluster = this.on?.subject.data?.cluster ?? "";
    lead("crumb-cluster", cluster, `/inventory?${new URLSearchParams({ cluster })}`);
    lead("crumb-host", host, `/inventory/hosts/${encodeURIComponent(host)}`);
  }

  /** Follow the host that it is on, which may become another one. @param {string} host */
  follow(host) {
    if (this.on?.subject.id !== `host:${host}`) {
      this.on?.stop();
      this.on = null;
      this.on = followOne(this.shell, "host", host, () => this.show());
      this.hostLink.textContent = host;
      this.hostLink.setAttribute("href", `/inventory/hosts/${encodeURIComponent(host)}`);
    }
    const known = this.on.subject.look() === "there" ? this.on.subject.data : null;
    this.host.element.hidden = known === null;
    if (known) this.host.show(known.connected ? "connected" : "disconnected");
    byId("doubt").hidden = known?.connected !== false;
    this.crumbs(host);
  }
}

/** @param {string} id @param {string} words @param {string} address */
function lead(id, words, address) {
  const link = /** @type {HTMLAnchorElement} */ (byId(id));
  link.hidden = words === "";
  if (link.textContent === words) return;
  link.textContent = words;
  link.href = address;
}
