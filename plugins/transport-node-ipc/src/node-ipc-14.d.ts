declare module "node-ipc-14" {
  import type { NodeIpcModule } from "./node-ipc.ts";

  export const IPCModule: NodeIpcModule["IPCModule"];
}
