import { application, definePlugin, outputKeeper, type PluginFactory } from "@elpis/api";
import { type LogsOptions, schema } from "./options.ts";

export type { Span } from "./files/types.ts";
export type { KeeperStats } from "./keeper/messages.ts";
export type { LineFormat } from "./lines/encode.ts";
export type { LogsOptions } from "./options.ts";
export type { LogsTopics } from "./topics.ts";

/**
 * Keeps what the processes of an application print, in files that are rotated, compressed and bounded, by a process
 * beside the master. In the foreground (`elpis run`) everything goes to stdout, as without it.
 *
 * @example plugins: [logs({ rotate: { every: "day", size: "50mb" }, keep: { files: 14 } })]
 */
export const logs: PluginFactory<LogsOptions> = definePlugin<LogsOptions>({
  name: "logs",
  roles: ["master"],
  needs: [application],
  provides: [outputKeeper],
  options: schema,
  async setup(host, options) {
    const { keepOutput } = await import("./master/keep-output.ts");
    await keepOutput(host, options);
  },
});
