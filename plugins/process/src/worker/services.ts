import type { HubClient } from "@elpis/core/internal";
import type { LoadedHere } from "../config/here.ts";
import type { Departure } from "./departure.ts";
import type { ReadyGate } from "./ready.ts";

/** Of the time that a process has to get ready, what its services may take: enough is left to say which one did not. */
const START_SHARE = 0.9;
const FAILED_EXIT_CODE = 1;

/** What a process has when its services start. */
export interface ServicesHost {
  readonly client: HubClient;
  readonly gate: ReadyGate;
  readonly departure: Departure;
}

/**
 * Starts the services of this process; until they have, it is not ready, whatever else says so. Never resolves when it
 * is told to leave meanwhile: what follows has nothing to do any more.
 * When one does not start, this process says so and ends.
 */
export async function startServices(
  { config, definition }: LoadedHere,
  { client, gate, departure }: ServicesHost,
): Promise<void> {
  const { name } = client.location;
  const own = definition.processes.find((one) => one.name === name);
  if (own === undefined || own.services.length === 0) return;
  gate.hold();
  // Loaded only by those who have services.
  const { bootServices } = await import("../services/boot.ts");
  const spentMs = process.uptime() * 1000;
  const services = await bootServices({
    client,
    config,
    definition,
    process: own,
    startWithinMs: Math.max(1, own.readyTimeoutMs * START_SHARE - spentMs),
    onMade: (made) => {
      departure.services = made;
    },
  }).catch(leave);
  if (services === undefined) await new Promise<never>(() => {});
  gate.release();
}

/** Says what went wrong in the last lines of this process, where it is quoted from, and not in the middle of a stack. */
function leave(error: Error): never {
  const { cause } = error;
  if (cause instanceof Error) console.error(cause.stack);
  console.error(`elpis: ${error.message}`);
  return process.exit(FAILED_EXIT_CODE);
}
