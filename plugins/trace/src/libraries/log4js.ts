import type { InstrumentationConfig } from "@opentelemetry/instrumentation";
import { isSpanContextValid, trace } from "../otel.ts";
import { InstrumentationBase, NodeModule, NodeModuleFile } from "./base.ts";

interface LoggingEvent {
  context: Record<string, unknown>;
}
type LoggingEventKind = new (...args: unknown[]) => LoggingEvent;

/** Adds the ids of trace and span to the context of events of log4js: `%X{trace_id}` in a pattern. */
export class Log4jsInstrumentation extends InstrumentationBase {
  constructor(config: InstrumentationConfig = {}) {
    super("elpis-log4js", "1.0.0", config);
  }

  protected override init(): NodeModule {
    const file = new NodeModuleFile(
      "log4js/lib/LoggingEvent.js",
      [">=3 <7"],
      (Kind: LoggingEventKind) => {
        const isEnabled = (): boolean => this.isEnabled();
        return class extends Kind {
          constructor(...args: unknown[]) {
            super(...args);
            const span = isEnabled() ? trace.getActiveSpan()?.spanContext() : undefined;
            if (span === undefined || !isSpanContextValid(span)) return;
            const { traceId: trace_id, spanId: span_id } = span;
            this.context = { ...this.context, trace_id, span_id };
          }
        };
      },
      (Kind: LoggingEventKind) => Kind,
    );
    return new NodeModule("log4js", [">=3 <7"], undefined, undefined, [file]);
  }
}
