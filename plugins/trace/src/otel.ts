import { createRequire } from "node:module";
import type * as Api from "@opentelemetry/api";
import type * as Hooks from "@opentelemetry/context-async-hooks";
import type * as Core from "@opentelemetry/core";

/**
 * Loads a package of OpenTelemetry. They are required and never imported: with a loader for another language in the process, as it is
 * for entries in TypeScript, Node 20 cannot import some of them, and makes second copies of others. All values of theirs come from here.
 */
export const load: NodeJS.Require = createRequire(import.meta.url);

const api: typeof Api = load("@opentelemetry/api");
const core: typeof Core = load("@opentelemetry/core");
const hooks: typeof Hooks = load("@opentelemetry/context-async-hooks");

export const context: typeof Api.context = api.context;
export const createNoopMeter: typeof Api.createNoopMeter = api.createNoopMeter;
export const createTraceState: typeof Api.createTraceState = api.createTraceState;
export const defaultTextMapGetter: typeof Api.defaultTextMapGetter = api.defaultTextMapGetter;
export const defaultTextMapSetter: typeof Api.defaultTextMapSetter = api.defaultTextMapSetter;
export const INVALID_SPAN_CONTEXT: typeof Api.INVALID_SPAN_CONTEXT = api.INVALID_SPAN_CONTEXT;
export const isSpanContextValid: typeof Api.isSpanContextValid = api.isSpanContextValid;
export const propagation: typeof Api.propagation = api.propagation;
export const ROOT_CONTEXT: typeof Api.ROOT_CONTEXT = api.ROOT_CONTEXT;
export const SpanKind: typeof Api.SpanKind = api.SpanKind;
export type SpanKind = Api.SpanKind;
export const SpanStatusCode: typeof Api.SpanStatusCode = api.SpanStatusCode;
export const trace: typeof Api.trace = api.trace;
export const TraceFlags: typeof Api.TraceFlags = api.TraceFlags;
export const CompositePropagator: typeof Core.CompositePropagator = core.CompositePropagator;
export const isTracingSuppressed: typeof Core.isTracingSuppressed = core.isTracingSuppressed;
export const RPCType: typeof Core.RPCType = core.RPCType;
export const setRPCMetadata: typeof Core.setRPCMetadata = core.setRPCMetadata;
export const suppressTracing: typeof Core.suppressTracing = core.suppressTracing;
export const W3CBaggagePropagator: typeof Core.W3CBaggagePropagator = core.W3CBaggagePropagator;
export const W3CTraceContextPropagator: typeof Core.W3CTraceContextPropagator =
  core.W3CTraceContextPropagator;
export const AsyncLocalStorageContextManager: typeof Hooks.AsyncLocalStorageContextManager =
  hooks.AsyncLocalStorageContextManager;
