/** @typedef {Record<string, any>} Json */

const BASE = "/api/v1/notifications";
/** Milliseconds that an answer may take. */
const PATIENCE = 15_000;

/** A request that the server refused or never answered; `message` is fit to be shown. */
export class RequestFailed extends Error {
  /** @param {string} message @param {number} status 0 where there was no answer. */
  constructor(message, status) {
    super(message);
    this.name = "RequestFailed";
    this.status = status;
  }
}

/** @param {string | null} [cursor] @returns {Promise<Json>} A page, newest first. */
export function list(cursor) {
  const query = new URLSearchParams({ limit: "100", ...(cursor ? { cursor } : {}) });
  return request("GET", `${BASE}?${query}`);
}

/** One notification, with what it says where it is sensitive. @param {string} id */
export const read = (id) => request("GET", one(id));
/** @param {string} id */
export const markRead = (id) => request("PUT", `${one(id)}/read`);
/** @param {string} id */
export const markUnread = (id) => request("DELETE", `${one(id)}/read`);
/** @param {string} id */
export const remove = (id) => request("DELETE", one(id));
/** @param {string} id */
export const restore = (id) => request("POST", `${one(id)}/restore`);
/** @param {number | null} upTo What nobody has seen yet, beyond this offset, stays unread. */
export const markAllRead = (upTo) => request("PUT", `${BASE}/mark-all-read`, upTo === null ? {} : { up_to: upTo });
/** @param {Json} fields */
export const create = (fields) => request("POST", BASE, fields);

/** Anything else of the API. @param {string} url @returns {Promise<any>} */
export const get = (url) => request("GET", url);
/** @param {string} url @param {Json} [body] @returns {Promise<any>} */
export const post = (url, body = {}) => request("POST", url, body);
/** @param {string} url @param {Json} [body] @returns {Promise<any>} */
export const put = (url, body = {}) => request("PUT", url, body);
/** @param {string} url @returns {Promise<any>} */
export const del = (url) => request("DELETE", url);

/** A list, and what its header says of where it goes on. @param {string} url @returns {Promise<{ items: Json[], link: string | null }>} */
export async function getList(url) {
  const response = await answer("GET", url);
  return { items: /** @type {any} */ (await decoded(response)), link: response.headers.get("Link") };
}

/** Whether the browser's session counts; false where that cannot be told. */
export async function isSignedIn() {
  const response = await answer("GET", `${BASE}/unread_count`).catch(() => null);
  return response?.ok ?? false;
}

/** @param {string} id */
function one(id) {
  return `${BASE}/${encodeURIComponent(id)}`;
}

/**
 * @param {string} method
 * @param {string} url
 * @param {Json} [body]
 * @returns {Promise<Json>}
 */
async function request(method, url, body) {
  return decoded(await answer(method, url, body));
}

/** @param {Response} response @returns {Promise<Json>} */
async function decoded(response) {
  const json = await response.json().catch(() => ({}));
  if (response.ok) return json;
  if (response.status === 401) throw new RequestFailed("You are signed out. Sign in again to go on.", 401);
  throw new RequestFailed(json.detail || `The server answered ${response.status}.`, response.status);
}

/** @param {string} method @param {string} url @param {Json} [body] @returns {Promise<Response>} */
async function answer(method, url, body) {
  const headers = {
    Accept: "application/json",
    "Content-Type": "application/json",
    "X-CSRFToken": csrfToken(),
  };
  const text = body === undefined ? undefined : JSON.stringify(body);
  try {
    return await fetch(url, { method, headers, body: text, signal: AbortSignal.timeout(PATIENCE) });
  } catch {
    throw new RequestFailed("The server cannot be reached.", 0);
  }
}

/** Over https the cookie has the prefix that keeps the domain's other hosts from setting it. */
function csrfToken() {
  const cookies = new URLSearchParams(document.cookie.replaceAll("; ", "&"));
  return cookies.get("__Host-csrftoken") ?? cookies.get("csrftoken") ?? "";
}
