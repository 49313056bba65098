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

/** @param {string | null} [cursor] @returns {Promise<Json>} A page, newest first; an older one has one of each group. */
export function list(cursor) {
  const query = new URLSearchParams({ limit: "100", ...(cursor ? { cursor, grouped: "true" } : {}) });
  return request("GET", `${BASE}?${query}`);
}

/** A group's notifications, newest first. @param {string} key @param {string | null} cursor @returns {Promise<Json>} */
export function listGroup(key, cursor) {
  const query = new URLSearchParams({ limit: "100", group_key: key, ...(cursor ? { cursor } : {}) });
  return request("GET", `${BASE}?${query}`);
}

/** The newest of each group, with its counts. @param {string[]} keys @returns {Promise<Json>} */
export function countGroups(keys) {
  const query = new URLSearchParams([["grouped", "true"], ["limit", "200"], ...keys.map((key) => ["group_key", key])]);
  return request("GET", `${BASE}?${query}`);
}

/** @param {"read" | "unread" | "delete" | "restore"} what @param {Json} which `ids`, or a `filter`. */
export const batch = (what, which) => request("POST", `${BASE}/batch/${what}`, which);

/**
 * Send a request that a notification offers: to this site's API and nowhere else, also where it would be led on.
 *
 * @param {string} method
 * @param {string} path
 * @param {Json | undefined} body
 * @param {string} once Names this request, so that sent again it is not carried out twice.
 */
export async function call(method, path, body, once) {
  const url = URL.canParse(path, location.origin) ? new URL(path, location.origin) : null;
  if (url?.origin !== location.origin || !path.startsWith("/api/") || !url.pathname.startsWith("/api/"))
    throw new RequestFailed("This page sends no such request.", 0);
  /** @type {Record<string, string>} */
  const headers = method === "POST" ? { "Idempotency-Key": once } : {};
  const response = await answer(method, url.href, body, { redirect: "error", headers });
  return decoded(response);
}

/** One notification, with what it says where it is sensitive. @param {string} id */
export const read = (id) => request("GET", one(id));
/** @param {string} id */
export const markRead = (id) => request("PUT", `${one(id)}/read`, undefined, { keepalive: true });
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

/** The address of one notification. @param {string} id */
export function one(id) {
  return `${BASE}/${encodeURIComponent(id)}`;
}

/**
 * @param {string} method
 * @param {string} url
 * @param {Json} [body]
 * @param {RequestInit} [options]
 * @returns {Promise<Json>}
 */
async function request(method, url, body, options = {}) {
  return decoded(await answer(method, url, body, options));
}

/** @param {Response} response @returns {Promise<Json>} */
async function decoded(response) {
  const json = await response.json().catch(() => ({}));
  if (response.ok) return json;
  if (response.status === 401) throw new RequestFailed("You are signed out. Sign in again to go on.", 401);
  throw new RequestFailed(json.detail || `The server answered ${response.status}.`, response.status);
}

/** @param {string} method @param {string} url @param {Json} [body] @param {RequestInit} [options] @returns {Promise<Response>} */
async function answer(method, url, body, options = {}) {
  const headers = {
    ...options.headers,
    Accept: "application/json",
    "Content-Type": "application/json",
    "X-CSRFToken": csrfToken(),
  };
  const text = body === undefined ? undefined : JSON.stringify(body);
  try {
    return await fetch(url, { ...options, method, headers, body: text, signal: AbortSignal.timeout(PATIENCE) });
  } catch {
    throw new RequestFailed("The server cannot be reached.", 0);
  }
}

/** Over https the cookie has the prefix that keeps the domain's other hosts from setting it. */
function csrfToken() {
  const cookies = new URLSearchParams(document.cookie.replaceAll("; ", "&"));
  return cookies.get("__Host-csrftoken") ?? cookies.get("csrftoken") ?? "";
}
