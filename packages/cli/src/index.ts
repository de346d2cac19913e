export type { list, SilentApp } from "./commands/ask/list.ts";
export type { logs } from "./commands/ask/logs.ts";
export type { ps } from "./commands/ask/ps.ts";
export type { dev } from "./commands/life/dev.ts";
export type { run } from "./commands/life/run.ts";
export type { start } from "./commands/life/start.ts";
export type { stop } from "./commands/life/stop.ts";
export type { CliContext } from "./context.ts";
export { EXIT_CODES, type ExitCodeRow, type ExitName } from "./exit-codes.ts";
export { importDefinition } from "./import/import.ts";
export type { Imported } from "./import/result.ts";
export type {
  CommonOptions,
  LogsOptions,
  OperationOptions,
  ProcessesOptions,
  RunOptions,
  StartOptions,
  StopOptions,
} from "./options.ts";
export type { Sink } from "./output/sink.ts";
export { type AgentConfig, type AppConfig, defineConfig, type ProcessConfig } from "./preset.ts";
