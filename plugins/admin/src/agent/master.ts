import { type Client, hasCode } from "@elpis/api";
import { notFound } from "../errors.ts";

/** A question takes no longer than this, an operation this long. */
const ASK_MS = 5000;
const WORK_MS = 600_000;

/** What the master says of itself; the part that is needed here. */
export interface Status {
  readonly app: string;
  readonly pid: number;
  readonly dir: string;
  readonly file: string;
  readonly state: string;
  readonly version: number;
  readonly startedAt: number;
  readonly operation?: unknown;
  readonly processes: ReadonlyArray<{
    readonly name: string;
    readonly role: string;
    readonly index: number;
    readonly state: string;
    readonly silent?: boolean;
    readonly pid?: number;
  }>;
}

/** Asks the master, and nobody else. */
export function ask<Answer>(hub: Client, topic: string, input: object = {}): Promise<Answer> {
  return hub.request(topic, input, { to: { role: "master" }, timeoutMs: ASK_MS });
}

/** Tells the master to do something. */
export function command<Answer>(hub: Client, topic: string, input: object = {}): Promise<Answer> {
  const order = { ...input, by: "admin over HTTP" };
  return hub.request(topic, order, { to: { role: "master" }, timeoutMs: WORK_MS });
}

/** As it is now. */
export function statusOf(hub: Client): Promise<Status> {
  return ask<Status>(hub, "elpis.status");
}

/** What belongs to a plugin that may not be there. @throws ELPIS_ADMIN_NOT_FOUND */
export async function orNoPlugin<Answer>(plugin: string, asked: Promise<Answer>): Promise<Answer> {
  try {
    return await asked;
  } catch (error) {
    if (!hasCode(error, "ELPIS_HUB_NO_RESPONDER")) throw error;
    throw notFound(
      `This application has no plugin ${plugin}; add it to the plugins of its configuration.`,
    );
  }
}
