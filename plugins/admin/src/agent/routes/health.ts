import type { Client } from "@elpis/api";
import { endpoints } from "@elpis/telemetry";
import { statusOf } from "../master.ts";
import type { Answered, Route, RouteWorld } from "../route.ts";

const PROBES: Readonly<Record<string, string | undefined>> = {
  "/health": undefined,
  "/health/live": "liveness",
  "/health/ready": "readiness",
  "/health/startup": "startup",
};

/** How the application is; what is not known is not well. */
export function healthRoutes({ hub }: RouteWorld): Route[] {
  return Object.entries(PROBES).map(([path, probe]) => ({
    method: "GET",
    path,
    summary: probe === undefined ? "Whether all is well" : `Whether it is well, for ${probe}`,
    statuses: { 503: "it is not, or it is not known" },
    answer: () => answer(hub, probe),
  }));
}

async function answer(hub: Client, probe: string | undefined): Promise<Answered> {
  const report = await reportOf(hub, probe);
  const isUp = report.status === "up";
  const message = isUp ? "" : report.reasons.join("; ").slice(0, 1000);
  return { data: report, status: isUp ? 200 : 503, message };
}

interface Report {
  readonly status: unknown;
  readonly reasons: readonly string[];
}

async function reportOf(hub: Client, probe: string | undefined): Promise<Report> {
  try {
    const shown = endpoints(hub);
    if (!shown.list.some(({ path }) => path === "/health")) return await fromMaster(hub);
    const { value } = await shown.ask("/health", probe === undefined ? {} : { probe });
    const { status, reasons } = (value ?? {}) as Partial<Report>;
    const isReport = typeof status === "string" && Array.isArray(reasons);
    return isReport ? (value as Report) : { status: "down", reasons: ["nothing is known"] };
  } catch (error) {
    return { status: "down", reasons: [`nothing is known: ${(error as Error).message}`] };
  }
}

/** Without the plugin of health: what the master sees from outside. */
async function fromMaster(hub: Client): Promise<Report & { readonly source: string }> {
  const { state, processes } = await statusOf(hub);
  const ill = processes.filter((one) => one.state !== "ready" || one.silent === true);
  const names = ill.map((one) => `${one.name}.${one.index} is ${one.state}`);
  const reasons = state === "running" ? names : [`it is ${state}`, ...names];
  const isKnown = processes.length > 1;
  return {
    status: reasons.length === 0 && isKnown ? "up" : "down",
    reasons: isKnown ? reasons : ["there are no processes"],
    source: "master",
  };
}
