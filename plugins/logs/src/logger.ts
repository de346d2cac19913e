export { elpisLogger } from "./logger/adapter.ts";
export { createLogger, createLoggerService } from "./logger/service.ts";
export type {
  FileLogger,
  FileLoggerExtras,
  FileLoggerOptions,
  LoggerFormat,
  LoggerService,
} from "./logger/types.ts";
export type { Question, SharedFilesEdges } from "./shared/edges.ts";
export type { SharedPolicy } from "./shared/policy.ts";
export { askWriters, callWriters, serveSharedFiles } from "./shared/serve.ts";
export {
  type Rotated,
  type SharedFileStatus,
  SharedFiles,
  type SharedFilesLike,
} from "./shared/shared-files.ts";
export type { Answers } from "./shared/state.ts";
export type {
  Registration,
  SharedFile,
  SharedFileTopics,
  WriterVerb,
} from "./shared/topics.ts";
