import type { SpanRecord } from "@elpis/api";
import type { Tracer } from "@opentelemetry/api";
import { Clock } from "../src/spans/clock.ts";
import { Contexts } from "../src/spans/contexts.ts";
import { Discretion } from "../src/spans/discretion.ts";
import type { LiveSpan, SpanSink } from "../src/spans/live-span.ts";
import { RootSampler } from "../src/spans/sampler.ts";
import { Tracers } from "../src/spans/tracer.ts";
import { Packer } from "../src/wire/pack.ts";
import { unpack } from "../src/wire/unpack.ts";

/** What a tracer of ours is made of for a test. */
export interface Recording {
  readonly ratio?: () => number;
  readonly contexts?: Contexts;
  readonly discretion?: Discretion;
}

/** A tracer of ours, and what would be told of its spans. */
export function recording({
  ratio = () => 1,
  contexts = new Contexts(false),
  discretion = new Discretion({}, false),
}: Recording = {}): { readonly tracer: Tracer; readonly told: () => SpanRecord[] } {
  const packer = new Packer(discretion.rewriteOf);
  const all: SpanRecord[] = [];
  const sink: SpanSink = {
    clock: new Clock(),
    began: () => contexts.hold(),
    ended: (span: LiveSpan) => {
      contexts.release();
      discretion.finish(span);
      packer.add(span, Number.POSITIVE_INFINITY);
    },
  };
  const root = (): RootSampler =>
    new RootSampler({ ratio: ratio(), perSecond: 1000, clients: false, now: () => 0 });
  const sampler: Pick<RootSampler, "mayBegin" | "newTraceId"> = {
    mayBegin: (...args) => root().mayBegin(...args),
    newTraceId: (...args) => root().newTraceId(...args),
  };
  const tracer = new Tracers({ sampler, sink, contexts }).getTracer("test", "1.2.3");
  const told = (): SpanRecord[] => {
    all.push(
      ...unpack(packer.take(), undefined, () => {}).map((span) =>
        span.record({ app: "a", name: "b" }),
      ),
    );
    return all;
  };
  return { tracer, told };
}
