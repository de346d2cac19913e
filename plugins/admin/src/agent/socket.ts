import { chmodSync, lstatSync, renameSync, rmSync } from "node:fs";

/**
 * Listens under a name of its own first, which is then put in place of what an earlier one left, or still has: the one that
 * leaves removes the name under which it began, and no other.
 *
 * @returns what removes it
 */
export async function listenOnSocket(
  path: string,
  listen: (path: string) => Promise<unknown>,
): Promise<() => void> {
  if (process.platform === "win32") {
    await listen(path);
    return () => {};
  }
  const own = `${path}.${process.pid}`;
  rmSync(own, { force: true });
  await listen(own);
  chmodSync(own, 0o600);
  renameSync(own, path);
  const { ino } = lstatSync(path);
  return () => {
    if (lstatSync(path, { throwIfNoEntry: false })?.ino === ino) rmSync(path, { force: true });
  };
}
