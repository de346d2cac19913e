import { type HubClient, joinInherited, setProcessClient } from "@elpis/core/internal";
import { Departure } from "./departure.ts";
import { takeJoining } from "./joining.ts";
import { startPlugins } from "./plugins.ts";
import { PortClient } from "./port-client.ts";
import { onceEvaluated, onceTold, ReadyGate } from "./ready.ts";
import { ServerRegistry } from "./servers.ts";
import { shareListen } from "./share-listen.ts";

/** Exit code of a process whose master is gone. */
const MASTER_GONE_EXIT_CODE = 1;
/** How long a process may go on after its master is gone, in milliseconds. */
const ORPHAN_BOUND_MS = 2000;

/** Makes this process a member of the family it was started for; does nothing when it was not. */
export async function boot(ownUrl: string): Promise<void> {
  const joining = takeJoining(ownUrl);
  if (joining === undefined) return;
  const client = await joinOrLeave(joining.hubFd);
  setProcessClient(client);
  const servers = new ServerRegistry();
  const gate = new ReadyGate(client);
  const ports = new PortClient();
  shareListen({ ports, servers, onListening: () => gate.listening(joining.ready) });
  const departure = new Departure({ client, gate, servers, ports });
  departure.install(joining.stopTimeoutMs);
  void client.closed.then(() => departure.orphaned(ORPHAN_BOUND_MS, MASTER_GONE_EXIT_CODE));
  departure.plugins = await startPlugins(client, joining.configFile);
  if (joining.ready === "message") onceTold(() => gate.open());
  // Nothing may be awaited behind this: what it finds out depends on the entry being next.
  if (joining.ready === "module") void onceEvaluated(() => gate.open());
}

async function joinOrLeave(fd: number): Promise<HubClient> {
  try {
    return await joinInherited(fd);
  } catch (error) {
    // The master is gone before this process had begun: nobody is left to tell.
    console.error(`elpis: cannot join the hub: ${String(error)}`);
    return process.exit(MASTER_GONE_EXIT_CODE);
  }
}
