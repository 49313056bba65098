import { del, get, one, post, put } from "../dashboard/api.js";

export { remove, restore } from "../dashboard/api.js";

/** @import { Json } from "../dashboard/api.js" */

const BASE = "/api/v1/notifications";

/** @param {URLSearchParams} parameters @returns {Promise<Json>} A page, newest first. */
export const list = (parameters) => get(`${BASE}?${parameters}`);

/** @param {URLSearchParams} [parameters] @returns {Promise<Json>} How many there are, by level, category and tab. */
export const counts = (parameters = new URLSearchParams()) => get(`${BASE}/counts?${parameters}`);

/** Do something with many. @param {string} verb @param {readonly string[]} ids At most 1,000. @returns {Promise<Json>} */
export const batch = (verb, ids) => post(`${BASE}/batch/${verb}`, { ids });

/** Set or take back a mark of one. @param {string} id @param {string} mark @param {boolean} on @param {Json} [body] */
export const mark = (id, mark, on, body) => (on ? put(`${one(id)}/${mark}`, body) : del(`${one(id)}/${mark}`));
