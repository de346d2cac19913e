import { fileURLToPath } from "node:url";
import type { TraceDetails, TraceTopics } from "@elpis/api";
import { connectTo } from "@elpis/core";
import { onTestFinished } from "vitest";
import { ElpisHome } from "../support/elpis.ts";
import { ask } from "../support/http.ts";
import { freePort } from "../support/port.ts";
import { until } from "../support/wait.ts";
import { type Form, SOON } from "./shop.ts";

/** What was answered, and the trace of it. */
interface Traced {
  readonly text: string;
  readonly trace: TraceDetails;
}

/** Asks the one of a pair for a path, and waits until its trace has that many spans. */
type Get = (form: Form, path: string, spans: number) => Promise<Traced>;

/**
 * Starts an application, named as its folder of fixtures, that has two processes of each form: the one is asked over HTTP, and has
 * the other one do something.
 */
export async function startPairs(
  name: string,
  portNames: readonly string[],
  more: object = {},
): Promise<Get> {
  const home = await ElpisHome.create();
  onTestFinished(() => home.remove());
  const ports: Record<string, number> = {};
  for (const one of portNames) ports[one] = await freePort();
  const dir = fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
  const how = JSON.stringify({ ports, trace: SOON, ...more });
  const run = home.spawn(["run", dir], { env: { PAIRS: how } });
  await run.printed(`${name} is up`);
  const client = await connectTo<TraceTopics>(name, { base: home.dir });
  onTestFinished(() => client.close());
  return async (form, path, spans) => {
    const { text, headers } = await ask(`http://127.0.0.1:${ports[form]}${path}`);
    const traceId = headers["x-trace-id"] as string;
    const trace = await until(`all of the trace of ${path} (${form})`, async () => {
      const found = await client.request("elpis.trace.get", { traceId });
      if (found !== null && found.spans >= spans && found.open.length === 0) return found;
      throw new Error(JSON.stringify(found));
    });
    return { text, trace };
  };
}
