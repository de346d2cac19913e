import type { ProcessDefinition } from "../config/types.ts";
import type { Release } from "../family/family.ts";
import type { Pool } from "../family/pool.ts";
import type { Slot } from "../family/slot.ts";
import type { ExitCause } from "../supervise/exit.ts";
import type { CanaryOptions } from "./types.ts";

/** A process whose instances are to be replaced, and by what. */
export interface Target {
  readonly pool: Pool;
  /** @default all that run */
  readonly slots?: readonly Slot[];
  readonly definition: ProcessDefinition;
  readonly release: Release;
}

/** What a reload is asked for with. */
export interface ReloadWish {
  readonly targets: readonly Target[];
  readonly cause: ExitCause;
  readonly canary?: CanaryOptions;
}
