export type { CacheOptions, KeepOptions, SamplingOptions, WindowOptions } from "./options.ts";
