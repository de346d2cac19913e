import { chmodSync, lstatSync, readdirSync, readFileSync, rmSync, type Stats } from "node:fs";
import { join } from "node:path";
import { findHubs } from "@elpis/core";
import { takeLock } from "@elpis/core/internal";
import { readSaved } from "../../../saved/file.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

const isWindows = process.platform === "win32";

/** Whether a folder is ours alone. One that is not there yet will be made so. */
export function checkPrivate(check: string, dir: string): Finding {
  const stat = lstatSync(dir, { throwIfNoEntry: false });
  if (stat === undefined) return ok(check, `${dir} is not there yet`);
  const mode = stat.mode & 0o777;
  if (!stat.isDirectory()) {
    return fail(check, `${dir} is no folder`, "remove it, or set ELPIS_HOME to another one");
  }
  if (!isWindows && stat.uid !== process.getuid?.()) {
    const hint = "run as that user, or set ELPIS_HOME to a folder of your own";
    return fail(check, `${dir} belongs to user ${stat.uid}`, hint);
  }
  if (!isWindows && (mode & 0o077) !== 0) {
    const message = `others may enter ${dir} (mode ${mode.toString(8)})`;
    return fail(check, message, `chmod 700 ${dir}`, () => chmodSync(dir, 0o700));
  }
  return ok(check, `${dir} is ours alone`);
}

/** The folders of all apps: whether they are ours alone. */
export function checkAppFolders(base: string): Finding[] {
  return folders(base)
    .filter((name) => isOfApp(join(base, name)))
    .map((name) => checkPrivate(`folder of ${name}`, join(base, name)))
    .filter(({ level }) => level !== "ok");
}

/** Whether a hub was ever there. The folder may be one that is used for other things as well. */
function isOfApp(dir: string): boolean {
  return entriesOf(dir).some((name) => name === "hub.json" || /^lock\.\d+$/.test(name));
}

/** Apps whose master was killed and has left its files. */
export async function checkDead(base: string): Promise<Finding[]> {
  const dead = (await findHubs(base)).filter(({ alive }) => !alive);
  if (dead.length === 0) return [ok("dead apps", "none")];
  return dead.map(({ name, dir, pid }) =>
    warn(
      "dead apps",
      `the master of ${name} (pid ${pid}) was killed and has left its files`,
      `start it again: elpis start, or clear it away: elpis doctor --fix`,
      () => clear(dir),
    ),
  );
}

/** Removes how to reach a hub that is gone. The lock is held meanwhile, so that nobody begins there at this moment. */
function clear(dir: string): void {
  const lock = takeLock(dir);
  if (!("release" in lock)) return;
  try {
    for (const name of readdirSync(dir)) {
      const isLeft = name === "hub.json" || lstatSync(join(dir, name)).isSocket();
      if (isLeft) rmSync(join(dir, name), { force: true });
    }
  } finally {
    lock.release();
  }
}

/** Whether what `save` wrote can be used. */
export function checkSaved(file: string): Finding[] {
  const check = "saved apps";
  const stat = statOf(file);
  if (stat instanceof Error) {
    const hint = "run as the user whose apps these are";
    return [fail(check, `${file} cannot be looked at: ${stat.message}`, hint)];
  }
  if (stat === undefined) return [ok(check, "none")];
  const found: Finding[] = [];
  const mode = stat.mode & 0o777;
  if (!isWindows && (mode & 0o077) !== 0) {
    const message = `others may read ${file} (mode ${mode.toString(8)})`;
    found.push(fail(check, message, `chmod 600 ${file}`, () => chmodSync(file, 0o600)));
  }
  try {
    for (const { app, cwd, path, config } of readSaved(file)) {
      const gone = [cwd, path, config].find((one) => one !== undefined && !isThere(one));
      if (gone === undefined) continue;
      const hint = "start what is to be there, and write it anew: elpis save";
      found.push(warn(check, `${app} cannot be started again: there is no ${gone}`, hint));
    }
  } catch (error) {
    found.push(fail(check, (error as Error).message, "write it anew: elpis save"));
  }
  return found.length === 0 ? [ok(check, file)] : found;
}

function isThere(path: string): boolean {
  const stat = statOf(path);
  return stat !== undefined && !(stat instanceof Error);
}

function statOf(path: string): Stats | undefined | Error {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    return error as Error;
  }
}

function folders(base: string): string[] {
  return entriesOf(base).filter((name) => {
    const stat = statOf(join(base, name));
    return stat !== undefined && !(stat instanceof Error) && stat.isDirectory();
  });
}

function entriesOf(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    // That the folder itself cannot be read is told by the look at it.
    return [];
  }
}

/** The number in a file such as `/proc/sys/net/core/somaxconn`; undefined where there is none. */
export function numberIn(file: string): number | undefined {
  try {
    const value = Number(readFileSync(file, "utf8").trim());
    return Number.isFinite(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
