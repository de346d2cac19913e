export type { OutputLine } from "./child/output.ts";
export {
  type ExplainedValue,
  type Explanation,
  explainConfig,
  type ValueOrigin,
} from "./config/explain.ts";
export { loadConfig } from "./config/load.ts";
export { type ManifestDefaults, readManifestDefaults } from "./config/manifest.ts";
export type { LoadOptions, ReadOptions } from "./config/options.ts";
export { redactEnv } from "./config/redact.ts";
export { type ConfigSource, defineConfig, resolveConfig } from "./config/resolve.ts";
export type {
  AgentConfig,
  AppConfig,
  AppDefinition,
  BalanceConfig,
  BalancePolicy,
  ConfigReading,
  GroupConfig,
  GroupDefinition,
  GroupStrategy,
  HubConfig,
  LivenessConfig,
  LivenessPolicy,
  MemoryLimitConfig,
  ProbeConfig,
  ProbeDefinition,
  ProbeTarget,
  ProcessConfig,
  ProcessDefinition,
  ReadyMode,
  ReloadConfig,
  RestartConfig,
  RestartPolicy,
  ServiceConfig,
  ServiceDefinition,
  SystemLimitsConfig,
} from "./config/types.ts";
export {
  type Asked,
  type ControlTopics,
  type Meant,
  OPERATION_TOPIC,
  type OperationChange,
  PROCESS_TOPIC,
  STATUS_TOPIC,
  STOP_TOPIC,
} from "./control.ts";
export type { ConfigProblem } from "./errors.ts";
export type { Master, MasterEvents, MasterOptions, OperationOptions } from "./master/contract.ts";
export { createMaster } from "./master/master.ts";
export type {
  ApplyPlan,
  CanaryOptions,
  DiagnosisKind,
  PlanStep,
  ProcessDetails,
  ReloadOptions,
  ReloadResult,
  Replacement,
  Reread,
  ScaleResult,
} from "./operations/types.ts";
export type { Procfile, ProcfileContext } from "./procfile/accessor.ts";
export type { Environment, EnvironmentClass } from "./procfile/environment.ts";
export type { ProcfileFunction } from "./procfile/evaluate.ts";
export type { ProcessChain } from "./procfile/process-chain.ts";
export type { ServiceChain } from "./procfile/service-chain.ts";
export {
  type ConfigFunction,
  SERVICES_TOPIC,
  type Service,
  type ServiceClass,
  type ServiceContext,
  type ServiceLoader,
  type ServiceState,
  type ServiceStatus,
} from "./services/types.ts";
export type {
  ExitCause,
  ExitStatus,
  InstanceState,
  MasterState,
  MasterStatus,
  OperationName,
  OperationStatus,
  ProcessChange,
  ProcessStatus,
  Vitals,
} from "./status.ts";
export type { SavedSlot, SavedState, SavedUnit, SavedVersion } from "./survive/state.ts";
export { readState } from "./survive/state-file.ts";
export { endSurvivors, findSurvivors, type Survivors } from "./survive/survivors.ts";
