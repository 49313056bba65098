/** Where jobs and hosts have their pages. @param {string} id */
export const jobAddress = (id) => `/jobs/${encodeURIComponent(id)}`;
/** @param {string} name */
export const hostAddress = (name) => `/inventory/hosts/${encodeURIComponent(name)}`;
