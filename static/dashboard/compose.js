import { create } from "./api.js";
import { byId } from "./dom.js";

/**
 * Wire the dialog that sends a notification, where the page has it.
 *
 * @returns {(() => void) | null} What opens it.
 */
export function startCompose() {
  if (!document.getElementById("compose")) return null;
  const dialog = /** @type {HTMLDialogElement} */ (byId("compose"));
  const form = /** @type {HTMLFormElement} */ (byId("compose-form"));
  const open = () => {
    byId("compose-error").textContent = "";
    dialog.showModal();
  };
  byId("compose-open").addEventListener("click", open);
  byId("compose-cancel").addEventListener("click", () => dialog.close());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(dialog, form);
  });
  return open;
}

/** @param {HTMLDialogElement} dialog @param {HTMLFormElement} form */
async function send(dialog, form) {
  const button = /** @type {HTMLButtonElement} */ (byId("compose-send"));
  button.disabled = true;
  try {
    const { sensitive, ...fields } = Object.fromEntries(new FormData(form));
    await create({ ...fields, category: "system", ...(sensitive ? { sensitive: true } : {}) });
    form.reset();
    dialog.close();
  } catch (error) {
    byId("compose-error").textContent = /** @type {Error} */ (error).message;
  } finally {
    button.disabled = false;
  }
}
