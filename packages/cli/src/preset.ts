// The only file of the command line that knows plugins: what most people want, picked for them.
export {
  type AgentConfig,
  type AppConfig,
  type AppDefinition,
  type ControlTopics,
  createMaster,
  defineConfig,
  type LoadOptions,
  loadConfig,
  type Master,
  type MasterStatus,
  type OutputLine,
  type ProcessChange,
  type ProcessConfig,
  type ProcessStatus,
  parseDuration,
} from "@elpis/process";
