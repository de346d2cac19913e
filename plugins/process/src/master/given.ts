import { application, auditLog, oneOffs, supervision } from "@elpis/api";
import { type GivenCapability, given } from "@elpis/core";
import type { AppDefinition } from "../config/types.ts";
import type { MasterStatus } from "../status.ts";
import type { AuditTrail } from "./audit.ts";
import type { MasterOptions } from "./contract.ts";
import type { OneOffKeeper } from "./one-offs.ts";

/** The application, to those who run in its master. */
export interface Surroundings {
  readonly app: AppDefinition;
  /** The runtime folder. */
  readonly dir: string;
  readonly foreground: MasterOptions["foreground"];
}

/** What the master gives to the plugins of its own process. */
export function givenByMaster(
  { app, dir, foreground }: Surroundings,
  parts: {
    readonly oneOffs: OneOffKeeper;
    readonly audit: AuditTrail;
    readonly status: () => MasterStatus;
  },
): readonly GivenCapability[] {
  const about = {
    name: app.name,
    dir: app.dir,
    runtimeDir: dir,
    isForeground: foreground === true,
    hasAgent: app.processes.some(({ role }) => role === "agent"),
  };
  return [
    given(application, about),
    given(oneOffs, parts.oneOffs),
    given(auditLog, parts.audit),
    given(supervision, { processes: () => parts.status().processes }),
  ];
}
