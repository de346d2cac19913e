export type { dev } from "./commands/dev.ts";
export type { list, SilentApp } from "./commands/list.ts";
export type { logs } from "./commands/logs.ts";
export type { ps } from "./commands/ps.ts";
export type { run } from "./commands/run.ts";
export type { start } from "./commands/start.ts";
export type { stop } from "./commands/stop.ts";
export type { CliContext } from "./context.ts";
export { EXIT_CODES, type ExitCodeRow, type ExitName } from "./exit-codes.ts";
export type {
  CommonOptions,
  LogsOptions,
  RunOptions,
  StartOptions,
  StopOptions,
} from "./options.ts";
export type { Sink } from "./output/sink.ts";
export { type AgentConfig, type AppConfig, defineConfig, type ProcessConfig } from "./preset.ts";
