import { availableParallelism, hostname, release, totalmem } from "node:os";
import { redact } from "@elpis/api";
import { endpoints } from "@elpis/telemetry";
import { ask, statusOf } from "../master.ts";
import type { Route, RouteWorld } from "../route.ts";

/** What the application is. */
export function aboutRoutes({ hub, since }: RouteWorld, routes: () => readonly Route[]): Route[] {
  return [
    {
      method: "GET",
      path: "/",
      summary: "What there is",
      answer: () => ({
        data: {
          name: "elpis",
          app: hub.location.app,
          routes: [
            ...routes().map(({ method, path, summary }) => ({ method, path, summary })),
            ...endpoints(hub)
              .list.filter(({ path }) => !routes().some((route) => route.path === path))
              .map(({ path, title: summary }) => ({ method: "GET", path, summary })),
          ],
        },
      }),
    },
    {
      method: "GET",
      path: "/info",
      summary: "The application, and the machine it runs on",
      answer: async () => {
        const { processes, ...status } = await statusOf(hub);
        const { platform, arch, versions } = process;
        const machine = { hostname: hostname(), platform, arch, release: release() };
        return { data: { ...status, count: processes.length, node: versions.node, machine } };
      },
    },
    {
      method: "GET",
      path: "/runtime",
      summary: "What runs it: versions and bounds of Node in the agent",
      answer: () => ({
        data: {
          versions: process.versions,
          execPath: process.execPath,
          execArgv: redact(process.execArgv),
          processors: availableParallelism(),
          memoryBytes: totalmem(),
          pid: process.pid,
          uptimeMs: Math.round(process.uptime() * 1000),
        },
      }),
    },
    {
      method: "GET",
      path: "/daemon",
      summary: "The master, and what this server knows",
      answer: async () => {
        const { pid, state, version, startedAt, operation, dir, file } = await statusOf(hub);
        const master = { pid, state, version, startedAt, operation, dir, file };
        const known = endpoints(hub).list.map(({ path, group, title }) => ({ path, group, title }));
        return { data: { master, agent: { pid: process.pid, since }, endpoints: known } };
      },
    },
    {
      method: "GET",
      path: "/config",
      summary: "How each process is defined; what looks like a secret is blanked",
      answer: async () => {
        const { processes, ...status } = await statusOf(hub);
        const names = [...new Set(processes.map(({ name }) => name))].filter((n) => n !== "master");
        const shown = await Promise.all(
          names.map((process) => ask<Record<string, unknown>>(hub, "elpis.show", { process })),
        );
        const entries = shown.map(({ entry, command, args, nodeArgs, cwd, env, policy }, at) => [
          names[at],
          { entry, command, args, nodeArgs, cwd, env, policy },
        ]);
        const { app, file, version } = status;
        return { data: { app, file, version, processes: redact(Object.fromEntries(entries)) } };
      },
    },
  ];
}
