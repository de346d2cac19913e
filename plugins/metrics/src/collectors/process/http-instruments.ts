import type { Counter, Histogram, UpDownCounter } from "@elpis/telemetry";

/** Where what is served is recorded. */
export interface HttpServerInstruments {
  readonly duration: Histogram;
  readonly responses: Counter;
  readonly active: UpDownCounter;
  readonly compass: (ms: number, category: string) => void;
}

/** Where what is asked of others is recorded. */
export interface HttpClientInstruments {
  readonly duration: Histogram;
  readonly active: UpDownCounter;
}
