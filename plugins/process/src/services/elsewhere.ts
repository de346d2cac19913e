import type { Client, Off } from "@elpis/api";
import { bounded, LATE } from "./bounded.ts";
import { serviceWait } from "./errors.ts";

/** A service of another process that must have started. */
export interface Elsewhere {
  readonly name: string;
  /** Names of the processes that run it; one of them is enough. */
  readonly processes: readonly string[];
}

/**
 * Waits until a service of another process has started: a process is ready only when all its services are.
 *
 * @throws ELPIS_SERVICE_WAIT
 */
export async function waitElsewhere(
  client: Client,
  service: string,
  needs: Elsewhere,
  timeoutMs: number,
): Promise<void> {
  let off: Off = () => {};
  const there = new Promise<void>((resolve) => {
    off = client.watchPeers(({ type, peer }) => {
      if (type !== "left" && peer.ready && needs.processes.includes(peer.name)) resolve();
    });
  });
  try {
    const result = await bounded(() => there, timeoutMs);
    if (result === LATE) throw serviceWait(service, needs.name, needs.processes, timeoutMs);
  } finally {
    off();
  }
}
