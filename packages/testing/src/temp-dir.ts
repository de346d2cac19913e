import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder that goes with the test that made it. */
export interface TempDir extends AsyncDisposable {
  /** Where it is; only this user may enter. */
  readonly path: string;
  /** Removes it with all that it holds. Calling it again does nothing. */
  remove(): Promise<void>;
}

/**
 * Makes a private folder below the system's temporary one. Its path is short enough to hold a socket.
 *
 * @example await using dir = await tempDir();
 */
export async function tempDir(): Promise<TempDir> {
  const path = await mkdtemp(join(tmpdir(), "elpis-"));
  const remove = (): Promise<void> => rm(path, { recursive: true, force: true });
  return { path, remove, [Symbol.asyncDispose]: remove };
}
