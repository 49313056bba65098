/**
 * Let a row be one stop of the Tab key, not many: what is in it can be reached once the row has the focus.
 *
 * @param {HTMLElement} row
 * @param {readonly HTMLElement[]} controls
 */
export function rove(row, controls) {
  const reach = (/** @type {number} */ index) => {
    for (const control of controls) control.tabIndex = index;
  };
  reach(-1);
  row.addEventListener("focusin", () => reach(0));
  row.addEventListener("focusout", ({ relatedTarget }) => {
    if (!row.contains(/** @type {Node | null} */ (relatedTarget))) reach(-1);
  });
}
