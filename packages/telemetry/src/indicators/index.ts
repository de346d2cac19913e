export { defineIndicator } from "./define.ts";
export {
  defineEndpoint,
  type Endpoint,
  type EndpointDefinition,
  type EndpointQuery,
  type EndpointResult,
  type Endpoints,
  endpoints,
} from "./endpoint.ts";
export { type ErrorPage, errorEndpoint } from "./error-endpoint.ts";
export {
  type ErrorLog,
  type ErrorLogOptions,
  type ErrorReport,
  type ErrorTopics,
  errorLog,
} from "./error-log.ts";
export type { ErrorOrigin, ErrorRecord } from "./error-record.ts";
export { type GatherOptions, gather } from "./gather.ts";
export { type Indicators, indicators } from "./offered.ts";
export { type Page, type PageQuery, page, RecentLog, readPageQuery, type Timed } from "./recent.ts";
export type {
  AbsentProcess,
  Gathered,
  Indicator,
  IndicatorAnswer,
  IndicatorContext,
  IndicatorDefinition,
  IndicatorFailure,
  IndicatorScope,
  OfferedIndicator,
} from "./types.ts";
