import { dirname } from "node:path";
import { application, type Client, type PluginHost } from "@elpis/api";
import { chosen, makeChosen } from "../libraries/chosen.ts";
import { hookImports } from "../libraries/esm-hooks.ts";
import { installedFinder } from "../libraries/installed.ts";
import type { TraceOptions } from "../options.ts";
import type { RecorderParts } from "../spans/recorder.ts";
import type { OwnTopics } from "../topics.ts";
import { startTracing } from "./start.ts";

/** Starts the plugin in a process: what records, and in one of them what keeps. */
export async function setup(host: PluginHost, options: TraceOptions): Promise<void> {
  const { hub, location, log } = host;
  const isMaster = location.role === "master";
  const isKeeper = isMaster ? host.find(application)?.hasAgent !== true : location.role === "agent";
  let send: RecorderParts["send"] = (batch, timeoutMs) =>
    (hub as unknown as Client<OwnTopics>).request("elpis.trace.spans", batch, {
      timeoutMs,
      absent: "wait",
    });
  if (isKeeper) {
    // Loaded only by the one process that keeps.
    const [{ keep }, { keeperOptions }] = await Promise.all([
      import("../keeper/keeper.ts"),
      import("../keeper/keeper-options.ts"),
    ]);
    const keeper = keep(host, keeperOptions(options));
    const overHub = send;
    // What this process itself has need not go over the hub.
    send = async (batch, timeoutMs) => keeper.take(batch) || overHub(batch, timeoutMs);
  }
  // The master does nothing of the application's.
  if (isMaster) return;
  const tracing = startTracing({ hub, log, options, send });
  host.onClose(() => tracing.close());
  const entry = process.argv[1];
  const folders = [process.cwd(), ...(entry === undefined ? [] : [dirname(entry)])];
  const all = await makeChosen(chosen(options, installedFinder(folders)), options, {
    log,
    isInVain: tracing.isInVain,
  });
  for (const one of all) tracing.use(one);
  await hookImports(all);
}
