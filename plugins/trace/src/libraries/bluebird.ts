import type { InstrumentationConfig } from "@opentelemetry/instrumentation";
import { InstrumentationBase, NodeModule } from "./base.ts";

interface Bluebird {
  config?(options: { readonly asyncHooks: boolean }): void;
}

/** Has promises of Bluebird, from 3.7.1 on, keep the context in which they were made: it can, and does not by itself. */
export class BluebirdInstrumentation extends InstrumentationBase {
  constructor(config: InstrumentationConfig = {}) {
    super("elpis-bluebird", "1.0.0", config);
  }

  protected override init(): NodeModule {
    return new NodeModule(
      "bluebird",
      [">=3.7.1 <4"],
      (exported: Bluebird) => {
        exported.config?.({ asyncHooks: true });
        return exported;
      },
      (exported: Bluebird) => exported.config?.({ asyncHooks: false }),
    );
  }
}
