import type { Client } from "@elpis/api";
import type { ProcessDefinition } from "../config/types.ts";
import { DRAIN_TOPIC, type WorkerTopics } from "../control.ts";
import type { Family } from "./family.ts";

/** How much longer than the worker's own bound its answer is waited for. */
const ANSWER_SLACK_MS = 1000;

/** A process that is to leave. */
interface Leaving {
  /** It gets no new connections. */
  leaving(): void;
  signalGroup(signal: "SIGTERM"): void;
  terminate(): void;
}

/** Asks a process to finish what it has. One that cannot be asked gets SIGTERM, and timers of others do the rest. */
export async function drain(
  child: Leaving | undefined,
  definition: ProcessDefinition,
  peerId: number | undefined,
  { hub, log }: Pick<Family, "hub" | "log">,
): Promise<void> {
  child?.leaving();
  if (definition.command !== undefined || peerId === undefined) {
    child?.signalGroup("SIGTERM");
    return;
  }
  const client = hub.client as unknown as Client<WorkerTopics>;
  const { stopTimeoutMs: boundMs } = definition;
  const options = { to: { id: peerId }, timeoutMs: boundMs + ANSWER_SLACK_MS };
  try {
    await client.request(DRAIN_TOPIC, { boundMs }, options);
  } catch (error) {
    // Not yet on the hub, or no longer: the signal reaches it all the same. One that is gone hears nothing.
    log.debug("a process could not be asked to drain", { error: String(error) });
    child?.terminate();
  }
}
