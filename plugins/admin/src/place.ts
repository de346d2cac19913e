import { randomBytes } from "node:crypto";
import { lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client, Request } from "@elpis/api";
import { unsafeToken } from "./errors.ts";
import type { AdminOptions } from "./options.ts";

/** The master tells where the private folder of the application is. */
export const PLACE_TOPIC = "elpis.admin.place";

/** See {@link PLACE_TOPIC}. */
export interface PlaceTopics {
  readonly "elpis.admin.place": Request<Record<string, never>, { readonly runtimeDir: string }>;
}

const TOKEN_FILE = "admin.token";
const ADDRESS_FILE = "admin.json";
const PRIVATE = 0o600;

/** Where it listens, for those who look into the runtime folder. */
export interface WrittenAddress {
  /** Absent when it is a socket. */
  readonly url?: string;
  readonly socket?: string;
  readonly pid: number;
}

/** @throws ELPIS_HUB_NO_RESPONDER, ELPIS_HUB_DEADLINE */
export async function runtimeDirOf(hub: Client): Promise<string> {
  const client = hub as unknown as Client<PlaceTopics>;
  const { runtimeDir } = await client.request(PLACE_TOPIC, {}, { to: { role: "master" } });
  return runtimeDir;
}

/** What has to be known to change something. @throws ELPIS_ADMIN_TOKEN_FILE */
export function tokenFor({ token }: AdminOptions, dir: string, env: NodeJS.ProcessEnv): string {
  const given = token ?? env.ELPIS_ADMIN_TOKEN;
  if (given !== undefined && given.length >= 16) return given;
  const file = join(dir, TOKEN_FILE);
  const kept = readToken(file);
  if (kept !== undefined) return kept;
  const made = randomBytes(32).toString("base64url");
  writePrivate(file, `${made}\n`);
  return made;
}

/** The one of the agent before this one, so that whoever has it may go on. */
function readToken(file: string): string | undefined {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if (!stat.isFile()) throw unsafeToken(file, "it is not a file");
  if (process.platform !== "win32") {
    if (stat.uid !== process.getuid?.()) throw unsafeToken(file, "it belongs to somebody else");
    if ((stat.mode & 0o077) !== 0) throw unsafeToken(file, "others may read it");
  }
  const text = readFileSync(file, "utf8").trim();
  return text.length >= 16 ? text : undefined;
}

/** Tells where it listens. Returns what removes that. */
export function writeAddress(dir: string, address: WrittenAddress): () => void {
  const file = join(dir, ADDRESS_FILE);
  writePrivate(file, `${JSON.stringify(address)}\n`);
  return () => {
    try {
      const { pid } = JSON.parse(readFileSync(file, "utf8")) as WrittenAddress;
      if (pid === address.pid) rmSync(file, { force: true });
    } catch {
      // It is gone, or another one's.
    }
  };
}

/** Never there half, and never to be read by others, not even for a moment. */
function writePrivate(file: string, text: string): void {
  const made = `${file}.${process.pid}`;
  rmSync(made, { force: true });
  writeFileSync(made, text, { mode: PRIVATE, flag: "wx" });
  renameSync(made, file);
}
