import { post } from "../dashboard/api.js";
import { byId } from "../dashboard/dom.js";

/** @import { Data } from "../dashboard/live-collection.js" */

/** Whether a job may still be cancelled. @param {Data} job */
export const isCancellable = (job) => job.status === "running" || job.status === "pending";

/**
 * Wire the dialog that asks whether a job shall end. It cannot be undone, so it is asked for and not offered to be undone.
 *
 * @returns {((job: Data) => void) | null} What opens it; null for who may not cancel jobs.
 */
export function startCancel() {
  const dialog = /** @type {HTMLDialogElement | null} */ (document.getElementById("cancel-job"));
  if (!dialog) return null;
  const error = byId("cancel-job-error");
  const button = /** @type {HTMLButtonElement} */ (byId("cancel-job-confirm"));
  const reason = /** @type {HTMLInputElement} */ (byId("cancel-job-reason"));
  let id = "";
  byId("cancel-job-keep").addEventListener("click", () => dialog.close());
  byId("cancel-job-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      const text = reason.value.trim();
      await post(`/api/v1/jobs/${encodeURIComponent(id)}/cancel`, text ? { error: text } : {});
      dialog.close();
    } catch (problem) {
      error.textContent = /** @type {Error} */ (problem).message;
    } finally {
      button.disabled = false;
    }
  });
  return (job) => {
    id = job.job_id;
    error.textContent = "";
    reason.value = "";
    byId("cancel-job-name").textContent = job.name;
    dialog.showModal();
    byId("cancel-job-keep").focus();
  };
}
