export { type Capability, capability } from "./capability.ts";
export type {
  CallOptions,
  Client,
  EmitOptions,
  EventContext,
  EventListener,
  HandleOptions,
  MapAnswer,
  MapAnswers,
  Off,
  RequestContext,
  RequestHandler,
} from "./client.ts";
export {
  ElpisError,
  type ElpisErrorOptions,
  type ErrorData,
  errorToData,
  hasCode,
  toText,
} from "./errors.ts";
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
export {
  API_LEVEL,
  definePlugin,
  type PluginDefinition,
  type PluginFactory,
  type PluginHost,
  type PluginUse,
} from "./plugin.ts";
export {
  type FieldKind,
  formatIssue,
  object,
  type SchemaIssue,
  type SchemaResult,
  type StandardSchema,
} from "./schema.ts";
export type {
  AnyTopics,
  Event,
  EventName,
  InputOf,
  OutputOf,
  PayloadOf,
  Request,
  RequestName,
} from "./topics.ts";
