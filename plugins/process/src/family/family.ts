import type { Logger, OutputKeeper } from "@elpis/api";
import type { Hub } from "@elpis/core";
import type { Guardian } from "../child/guardian.ts";
import type { OutputLine } from "../child/output.ts";
import type { AppDefinition } from "../config/types.ts";
import type { PortBroker } from "../ports/port-broker.ts";
import type { Survival } from "../survive/survival.ts";
import type { MemorySampler } from "../watch/memory-sampler.ts";

/** What all processes of one application share. */
export interface Family {
  readonly app: string;
  readonly hub: Hub;
  readonly guardian: Guardian;
  readonly ports: PortBroker;
  readonly log: Logger;
  /** Aborted when a stop of everything begins: nothing is started any more. */
  readonly stopping: AbortSignal;
  /** Looks at the memory of those who have a limit. */
  readonly memory: MemorySampler;
  /** Where it is written down what hung processes were doing. */
  readonly diagnosticsDir: string;
  /** Undefined: what runs ends with its master. */
  readonly survival: Survival | undefined;
  /** Something of what is written down for the next master may have changed. */
  readonly touch: () => void;
  /** Undefined: what processes write is read here, and handed to `onOutput`. */
  readonly keeper: OutputKeeper | undefined;
  readonly onOutput: (line: OutputLine) => void | Promise<void>;
}

/** A definition of the application, as it was in force at some time. */
export interface Release {
  readonly version: number;
  readonly app: AppDefinition;
}
