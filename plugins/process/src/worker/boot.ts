import { type HubClient, joinInherited, setProcessClient } from "@elpis/core/child";
import type { Loyal } from "../survive/loyal.ts";
import { readConfiguration } from "./configuration.ts";
import { Departure } from "./departure.ts";
import { freeInspectorPort } from "./inspector-port.ts";
import { takeJoining } from "./joining.ts";
import { startPlugins } from "./plugins.ts";
import { PortClient } from "./port-client.ts";
import { onceEvaluated, onceTold, ReadyGate } from "./ready.ts";
import { ServerRegistry } from "./servers.ts";
import { startServices } from "./services.ts";
import { shareListen } from "./share-listen.ts";
import { Trouble } from "./trouble.ts";
import { startHeartbeat } from "./vitals.ts";

/** Exit code of a process whose master is gone. */
const MASTER_GONE_EXIT_CODE = 1;
/** How long a process may go on after its master is gone, in milliseconds. */
const ORPHAN_BOUND_MS = 2000;

/** Makes this process a member of the family it was started for; does nothing when it was not. */
export async function boot(ownUrl: string): Promise<void> {
  const joining = takeJoining(ownUrl);
  if (joining === undefined) return;
  const { returning } = joining;
  const loyal = returning === undefined ? undefined : await loyalTo(returning);
  const client = await joinOrLeave(joining.hubFd, loyal);
  setProcessClient(client);
  const servers = new ServerRegistry();
  const gate = new ReadyGate(client);
  const ports = new PortClient(loyal !== undefined);
  const held = shareListen({ ports, servers, onListening: () => gate.listening(joining.ready) });
  loyal?.follow(client, { held, reopened: () => ports.reopened() });
  const departure = new Departure({ client, gate, servers, ports });
  departure.install(joining.stopTimeoutMs);
  freeInspectorPort();
  const trouble =
    joining.uncaught === "replace" ? new Trouble({ client, departure, ...joining }) : undefined;
  if (joining.heartbeatMs > 0) {
    startHeartbeat(client, joining.heartbeatMs, () => trouble?.count ?? 0);
  }
  void client.closed.then(() => departure.orphaned(ORPHAN_BOUND_MS, MASTER_GONE_EXIT_CODE));
  const configuration = await readConfiguration(joining.config);
  if (configuration !== undefined) {
    departure.plugins = await startPlugins(client, configuration.definition.plugins, gate);
    await startServices(configuration, { client, gate, departure });
  }
  if (joining.ready === "message") onceTold(() => gate.open());
  // Nothing may be awaited behind this: what it finds out depends on the entry being next.
  if (joining.ready === "module") void onceEvaluated(() => gate.open());
}

/** A file of its own, beside this one: nothing of it is loaded by those who leave with their master. */
async function loyalTo(returning: string): Promise<Loyal> {
  const url = new URL("./loyal.js", import.meta.url);
  const { Loyal: Kind } = (await import(url.href)) as typeof import("../survive/loyal.ts");
  return new Kind(returning);
}

async function joinOrLeave(fd: number, loyal: Loyal | undefined): Promise<HubClient> {
  try {
    return await joinInherited(fd, loyal && { redial: (signal) => loyal.redial(signal) });
  } catch (error) {
    // The master is gone before this process had begun: nobody is left to tell.
    console.error(`elpis: cannot join the hub: ${String(error)}`);
    return process.exit(MASTER_GONE_EXIT_CODE);
  }
}
