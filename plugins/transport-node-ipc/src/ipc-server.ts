import { AssuredServer } from "./assured-server.ts";
import { BareServer } from "./bare-server.ts";
import type { IpcEvents, IpcServer } from "./bounded-server.ts";
import type { DoorLimits } from "./limits.ts";
import { loadNodeIpc, VERSIONS, versionFor } from "./node-ipc.ts";

/** @throws ELPIS_NODE_IPC_NOT_INSTALLED */
export async function createIpcServer(
  path: string,
  limits: DoorLimits,
  events: IpcEvents,
): Promise<IpcServer> {
  const { IPCModule } = await loadNodeIpc();
  const Version = versionFor() === VERSIONS.new ? AssuredServer : BareServer;
  return new Version(new IPCModule(), path, limits, events);
}
