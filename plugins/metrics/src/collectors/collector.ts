import type { Attributes } from "@elpis/telemetry";

/** One value that was measured: of a counter its whole value. */
export type Sample = readonly [name: string, value: number, tags?: Attributes];

/** Measures when it is asked. The first time it only remembers what rates are reckoned from. */
export interface Collector {
  read(): readonly Sample[] | Promise<readonly Sample[]>;
  /** Ends what it has begun. */
  close?(): void;
}

/** Monotonic milliseconds. */
export type Now = () => number;
