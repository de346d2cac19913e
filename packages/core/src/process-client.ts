import type { Client } from "@elpis/api";

/** Two copies of this package in one process share the client under this name. */
const KEY = Symbol.for("elpis.process.client");

type Holder = { [KEY]?: Client };

/** What `@elpis/core/process` gives from now on. */
export function setProcessClient(client: Client | undefined): void {
  (globalThis as Holder)[KEY] = client as Client;
}

export function processClient(): Client | undefined {
  return (globalThis as Holder)[KEY];
}
