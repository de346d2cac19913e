export type { WishedLocation } from "./client/join.ts";
export { type ConnectOptions, connect, connectTo } from "./connect.ts";
export type { RouterCounters } from "./hub/counters.ts";
export { createHub, type Hub, type HubOptions, type HubStats } from "./hub/hub.ts";
export type { LatencyStats } from "./hub/latency.ts";
export type { HubLimits } from "./hub/limits.ts";
export type { PeerStats } from "./hub/peer.ts";
export type { RouterTables } from "./hub/router.ts";
export type { ClassTraffic, TrafficClass } from "./hub/traffic.ts";
export type { JobBrokerStats } from "./jobs/broker.ts";
export {
  type BootOptions,
  bootPlugins,
  type GivenCapability,
  given,
  type RunningPlugins,
} from "./kernel/boot.ts";
export { type FoundHub, findHubs } from "./local/endpoint.ts";
export { runtimeBase, runtimeDir } from "./local/runtime-dir.ts";
export { createLogger, type LoggerOptions, type LogLevel } from "./logger.ts";
