import { join, resolve } from "node:path";
import { application, auditLog, oneOffs, type PluginHost } from "@elpis/api";
import type { ResolvedOptions } from "../options.ts";
import { Coordinator } from "./coordinator.ts";
import { serve } from "./serve.ts";

/** Starts the coordinator in the master. @throws ELPIS_SCHEDULE_STATE, ELPIS_SCHEDULE_ENTRY */
export async function startCoordinator(host: PluginHost, options: ResolvedOptions): Promise<void> {
  const app = host.find(application);
  const dir = app?.dir ?? process.cwd();
  const { hub, log, location } = host;
  const { stateDir, tasks, leaseMs, historyPerTask } = options;
  const coordinator = await Coordinator.open({
    ...{ hub, log, dir, tasks, leaseMs, historyPerTask },
    // Two applications may name one folder.
    stateDir:
      stateDir === undefined
        ? app && join(app.runtimeDir, "schedule")
        : join(resolve(dir, stateDir), location.app),
    oneOffs: host.find(oneOffs),
  });
  host.onClose(() => coordinator.close());
  serve({ hub, log, coordinator, audit: host.find(auditLog) });
}
