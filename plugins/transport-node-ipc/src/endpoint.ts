import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ensurePrivateDir } from "@elpis/core/internal";
import { noHub, pathTooLong } from "./errors.ts";

/** Clients set `appspace` to this and connect to "hub"; `socketRoot` is the folder. */
const APPSPACE = "elpis.";
const SERVER_ID = "hub";
/** Under the hub's folder, so that what lies there is only ours. */
const FOLDER = "node-ipc";
/** As for the hub's own socket: longer paths are cut silently. */
const MAX_PATH_BYTES = process.platform === "linux" ? 107 : 103;

/** How the hub itself is reached. */
export interface HubEndpoint {
  readonly path: string;
  readonly secret: string;
}

/** @throws ELPIS_NODE_IPC_NO_HUB */
export function readHub(dir: string): HubEndpoint {
  const file = join(dir, "hub.json");
  try {
    const { path, secret } = JSON.parse(readFileSync(file, "utf8")) as Partial<HubEndpoint>;
    if (typeof path === "string" && typeof secret === "string") return { path, secret };
  } catch (cause) {
    throw noHub(file, cause);
  }
  throw noHub(file, undefined);
}

/**
 * Makes the folder of the socket, private to this user, and removes what a killed hub left there: this process has the
 * lock of the hub's folder.
 * @throws ELPIS_HUB_UNSAFE_DIR, ELPIS_NODE_IPC_PATH_TOO_LONG
 */
export function prepareSocket(dir: string): { readonly root: string; readonly path: string } {
  const root = `${join(dir, FOLDER)}/`;
  const path = `${root}${APPSPACE}${SERVER_ID}`;
  ensurePrivateDir(dir);
  ensurePrivateDir(join(dir, FOLDER));
  if (process.platform !== "win32") {
    if (Buffer.byteLength(path) > MAX_PATH_BYTES) throw pathTooLong(path, MAX_PATH_BYTES);
    rmSync(path, { force: true });
  }
  return { root, path };
}
