import type * as Package from "@opentelemetry/instrumentation";
import { load } from "../otel.ts";

const loaded: typeof Package = load("@opentelemetry/instrumentation");

/** What instrumentations of our own are made from. */
export const InstrumentationBase: typeof Package.InstrumentationBase = loaded.InstrumentationBase;
export const NodeModule: typeof Package.InstrumentationNodeModuleDefinition =
  loaded.InstrumentationNodeModuleDefinition;
export type NodeModule = Package.InstrumentationNodeModuleDefinition;
export const NodeModuleFile: typeof Package.InstrumentationNodeModuleFile =
  loaded.InstrumentationNodeModuleFile;
