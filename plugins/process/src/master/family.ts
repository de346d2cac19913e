import type { Logger } from "@elpis/api";
import type { Hub } from "@elpis/core";
import type { AppDefinition } from "../config/types.ts";
import type { InstanceState } from "../supervise/types.ts";
import type { Guardian } from "./guardian.ts";
import type { Instance } from "./instance.ts";
import type { OutputLine } from "./output.ts";
import type { PortBroker } from "./port-broker.ts";

/** What the instances of one application share. */
export interface Family {
  readonly app: AppDefinition;
  readonly hub: Hub;
  readonly guardian: Guardian;
  readonly ports: PortBroker;
  readonly log: Logger;
  readonly onOutput: (line: OutputLine) => void | Promise<void>;
  readonly onChange: (instance: Instance, previous: InstanceState) => void;
}
