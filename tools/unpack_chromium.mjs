// Unpack npm's @sparticuz/chromium into var/chromium and print, as JSON, its executable and the environment it needs.
//
// The package would do so itself only inside AWS Lambda: elsewhere it leaves out the system libraries (al2023) that a
// machine without a desktop lacks. Safe to run from several processes at once: each unpacks aside, then renames.

import { chmod, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";
import tar from "tar-fs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const packed = join(root, "node_modules", "@sparticuz", "chromium");
const { version } = JSON.parse(await readFile(join(packed, "package.json"), "utf8"));
const target = join(root, "var", `chromium-${version}`);

async function isThere(path) {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function unpack() {
  await mkdir(dirname(target), { recursive: true });
  const aside = await mkdtemp(`${target}.`);
  const inflate = async (name) => promisify(brotliDecompress)(await readFile(join(packed, "bin", name)));
  await writeFile(join(aside, "chromium"), await inflate("chromium.br"));
  await chmod(join(aside, "chromium"), 0o755);
  for (const name of ["al2023.tar.br", "fonts.tar.br", "swiftshader.tar.br"]) {
    const folder = name === "swiftshader.tar.br" ? aside : join(aside, name.split(".")[0]);
    await pipeline(Readable.from([await inflate(name)]), tar.extract(folder));
  }
  await rename(aside, target).catch(async (error) => {
    await rm(aside, { recursive: true });
    if (!(await isThere(target))) throw error;
  });
}

if (!(await isThere(target))) await unpack();
const folders = [join(target, "al2023", "lib"), process.env.LD_LIBRARY_PATH];
const env = { FONTCONFIG_PATH: join(target, "fonts", "fonts"), LD_LIBRARY_PATH: folders.filter(Boolean).join(":") };
console.log(JSON.stringify({ executable: join(target, "chromium"), env }));
