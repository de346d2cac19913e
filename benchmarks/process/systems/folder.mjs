// The folder of one application under test: short, private, with the version of the entry that is deployed at present.
import { copyFile, mkdir, mkdtemp, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ownedDir } from "../lib/cleanup.mjs";

/** `deploy(version)` puts a file of `apps` in the place of the entry; who runs already is not told. */
export async function appFolder() {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "eb-")));
  const remove = ownedDir(dir);
  const entry = join(dir, "app", "server.mjs");
  await mkdir(join(dir, "app"));
  const deploy = (version) =>
    copyFile(fileURLToPath(new URL(`../apps/${version}.mjs`, import.meta.url)), entry);
  await deploy("plain");
  return { dir, entry, deploy, remove };
}
