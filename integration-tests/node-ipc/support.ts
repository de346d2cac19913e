import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createHub, type Hub } from "@elpis/core";
import { type DoorStats, nodeIpc } from "@elpis/transport-node-ipc";
import { onTestFinished } from "vitest";
import { SILENT } from "../process/support.ts";
import { until } from "../support/wait.ts";

const CLIENT = fileURLToPath(new URL("./fixtures/client.mjs", import.meta.url));

/** Something that the client told. */
export type Said = readonly [what: string, value: unknown];

/** A hub with the plugin, in a folder of its own. */
export interface OpenHub {
  readonly hub: Hub;
  readonly dir: string;
  stats(): Promise<DoorStats>;
}

/** Why the plugin cannot run here: this Node needs a node-ipc that npm left out when it ran with an older Node. */
export function missing(): string | undefined {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const name = major > 22 || (major === 22 && minor >= 13) ? "node-ipc-14" : "node-ipc-12";
  const plugin = createRequire(
    createRequire(import.meta.url).resolve("@elpis/transport-node-ipc/package.json"),
  );
  const isThere = (plugin.resolve.paths(name) ?? []).some((dir) => existsSync(join(dir, name)));
  return isThere ? undefined : `${name} is not installed; run npm install with this Node`;
}

/** Starts a hub with the plugin; closed after the test. */
export async function openHub(options: Parameters<typeof nodeIpc>[0] = {}): Promise<OpenHub> {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "elpis-ipc-")));
  const plugins = [nodeIpc({ dir, ...options })];
  const hub = await createHub({ name: "test", dir, plugins, log: SILENT });
  onTestFinished(async () => {
    await hub.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const stats = (): Promise<DoorStats> =>
    hub.client.request("elpis.node-ipc.stats", undefined) as Promise<DoorStats>;
  return { hub, dir, stats };
}

/** A process that speaks node-ipc. */
export class IpcClient {
  readonly child: ChildProcess;
  readonly #said: Said[] = [];
  #errors = "";

  /** Starts it; killed after the test. */
  constructor(dir: string, task = "serve") {
    this.child = spawn(process.execPath, [CLIENT, dir, task], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let rest = "";
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#said.push(JSON.parse(line) as Said);
    });
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#errors += text;
    });
    onTestFinished(() => void this.child.kill("SIGKILL"));
  }

  /** Waits until it has told something, and returns it. */
  async told<Value>(what: string, fits: (value: Value) => boolean = () => true): Promise<Value> {
    const [, value] = await until(`the client to tell "${what}"`, () => {
      const found = this.#said.find(([kind, one]) => kind === what && fits(one as Value));
      if (found === undefined) throw new Error(JSON.stringify([this.#said, this.#errors]));
      return found;
    });
    return value as Value;
  }
}
