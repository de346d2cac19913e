export type {
  CacheOptions,
  KeepOptions,
  SamplingOptions,
  SlowOptions,
  WindowOptions,
} from "./options.ts";
