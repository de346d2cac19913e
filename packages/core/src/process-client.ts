import { type Client, PROCESS_CLIENT } from "@elpis/api";

/** Two copies of this package in one process share the client. */
type Holder = { [PROCESS_CLIENT]?: Client };

/** What `@elpis/core/process` gives from now on. */
export function setProcessClient(client: Client | undefined): void {
  (globalThis as Holder)[PROCESS_CLIENT] = client as Client;
}

export function processClient(): Client | undefined {
  return (globalThis as Holder)[PROCESS_CLIENT];
}
