export { parseDuration } from "./config/duration.ts";
export { type LoadOptions, loadConfig } from "./config/load.ts";
export { type ConfigSource, defineConfig, resolveConfig } from "./config/resolve.ts";
export type {
  AgentConfig,
  AppConfig,
  AppDefinition,
  Duration,
  ProcessConfig,
  ProcessDefinition,
  ReadyMode,
  RestartConfig,
  RestartPolicy,
} from "./config/types.ts";
export { type ControlTopics, STATUS_TOPIC, STOP_TOPIC } from "./control.ts";
export type { ConfigProblem } from "./errors.ts";
export type { Master, MasterEvents, MasterOptions } from "./master/contract.ts";
export { createMaster } from "./master/master.ts";
export type { OutputLine } from "./master/output.ts";
export type { Procfile, ProcfileContext } from "./procfile/accessor.ts";
export type { ProcfileFunction } from "./procfile/evaluate.ts";
export type { ProcessChain } from "./procfile/process-chain.ts";
export type {
  ExitCause,
  ExitStatus,
  InstanceState,
  MasterState,
  MasterStatus,
  ProcessChange,
  ProcessStatus,
} from "./status.ts";
