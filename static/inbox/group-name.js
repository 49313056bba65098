/** What the server's keys of storms begin with, and no other. */
const STORM = "storm:";

/** Say in words what a group is: the key of a storm says nothing to a person. @param {string} key */
export const groupName = (key) => (key.startsWith(STORM) ? "Storm of one kind" : key);
