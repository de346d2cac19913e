export { type Capability, capability } from "./capability.ts";
export type {
  Balance,
  CallOptions,
  Client,
  Delivery,
  EmitOptions,
  EventContext,
  EventListener,
  HandleOptions,
  ListenOptions,
  MapAnswer,
  MapAnswers,
  Off,
  Overflow,
  RequestContext,
  RequestHandler,
} from "./client.ts";
export type { ConfigTopics } from "./config-topics.ts";
export type { ConnectionChange, DroppedEvents } from "./connection.ts";
export {
  ElpisError,
  type ElpisErrorOptions,
  type ErrorData,
  errorToData,
  hasCode,
  toText,
} from "./errors.ts";
export {
  type HubFigures,
  hubFigures,
  type PeerFigures,
  type TrafficFigures,
} from "./hub-figures.ts";
export {
  type Arriving,
  type HubTracing,
  type HubVerb,
  type Leaving,
  type TracedMessage,
  UNTRACED,
} from "./hub-tracing.ts";
export type {
  DeadJob,
  JobContext,
  JobHandler,
  JobLevel,
  JobOptions,
  JobReceipt,
  JobStats,
  Jobs,
  WorkOptions,
} from "./jobs.ts";
export {
  formatLocation,
  isU32,
  type Location,
  matches,
  type PeerChange,
  type PeerInfo,
  type Role,
  type Selector,
  selectorKey,
  selectorProblem,
} from "./location.ts";
export type { LogFields, Logger } from "./log.ts";
export type {
  MethodName,
  ObjectDescription,
  ProxyOptions,
  PublishOptions,
  Remote,
} from "./objects.ts";
export {
  API_LEVEL,
  definePlugin,
  type PluginDefinition,
  type PluginFactory,
  type PluginHost,
  type PluginUse,
} from "./plugin.ts";
export { PROCESS_CLIENT } from "./process-client.ts";
export {
  type Application,
  type AuditLog,
  application,
  auditLog,
  type KeptLine,
  type KeptOutput,
  type OneOff,
  type OneOffEnd,
  type OneOffs,
  type OutputKeeper,
  type OutputSource,
  type OutputStream,
  oneOffs,
  outputKeeper,
  type Readiness,
  type RunningOneOff,
  readiness,
  type SupervisedProcess,
  type Supervision,
  supervision,
} from "./processes.ts";
export type { Batch, Signal } from "./reporting/batch.ts";
export { checkWants, type Wanted } from "./reporting/check-wants.ts";
export {
  type CheckAnswerOptions,
  checkAnswer,
  type HttpAnswer,
  Reject,
  RetryLater,
  readBeginning,
  retryAfterMs,
  TooLarge,
} from "./reporting/failures.ts";
export type {
  CounterPoint,
  Exemplar,
  ExponentialBuckets,
  GaugePoint,
  HistogramPoint,
  Level,
  Point,
  PointBase,
  PointFilter,
  PointSource,
  Scope,
  Tags,
  TagValue,
  Temporality,
  UpDownCounterPoint,
} from "./reporting/points.ts";
export {
  defineReporter,
  type Report,
  type ReportCall,
  type Reporter,
  type ReporterContext,
  type ReporterDefinition,
  type ReporterFactory,
  type ReporterUse,
  type Wants,
} from "./reporting/reporter.ts";
export {
  type AddedReporter,
  type ReporterStatus,
  type Reporters,
  type ReporterTest,
  reporters,
} from "./reporting/reporters.ts";
export type {
  ErrorOrigin,
  ErrorRecord,
  EventRecord,
  SignalTags,
  SpanEvent,
  SpanLink,
  SpanRecord,
} from "./reporting/signals.ts";
export {
  type FieldKind,
  formatIssue,
  object,
  type SchemaIssue,
  type SchemaResult,
  type StandardSchema,
  type TopicSchema,
  type TopicSchemas,
} from "./schema.ts";
export { HIDDEN, isSecretName, redact } from "./secrets.ts";
export type {
  ServeOptions,
  StreamCall,
  StreamContext,
  StreamHandler,
  StreamOptions,
} from "./streams.ts";
export type {
  AnyTopics,
  Event,
  EventName,
  InputOf,
  ItemOf,
  Job,
  JobName,
  JobOf,
  OutputOf,
  PayloadOf,
  QueryOf,
  Request,
  RequestName,
  SentOf,
  Stream,
  StreamName,
} from "./topics.ts";
export type {
  TraceDetails,
  TracePage,
  TraceQuery,
  TraceSpan,
  TraceStats,
  TraceStatus,
  TraceSummary,
  TraceTopics,
} from "./traces.ts";
export { type Duration, MAX_DURATION_MS, parseDuration, parseSize, type Size } from "./units.ts";
