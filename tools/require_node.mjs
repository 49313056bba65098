// Say in words that Node is too old, where npm's packages would fail without any.

const OLDEST = [20, 11];
const [major, minor] = process.versions.node.split(".").map(Number);

if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
  console.error(`Tests and checks need Node ${OLDEST.join(".")} or later; this is ${process.versions.node}.`);
  process.exit(1);
}
