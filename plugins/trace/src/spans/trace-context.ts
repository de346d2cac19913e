import type { Context, Span } from "@opentelemetry/api";
import type { RPCMetadata } from "@opentelemetry/core";
import { ROOT_CONTEXT, setRPCMetadata, trace } from "../otel.ts";

/** The key that something is set with. */
function keyOf(set: (into: Context) => unknown): symbol {
  let found: symbol | undefined;
  const spy: Context = {
    getValue: () => undefined,
    setValue: (key) => {
      found = key;
      return spy;
    },
    deleteValue: () => spy,
  };
  set(spy);
  if (found === undefined) throw new Error("nothing was set");
  return found;
}

const SPAN = keyOf((into) => trace.setSpan(into, trace.wrapSpanContext({} as never)));
const RPC = keyOf((into) => setRPCMetadata(into, {} as never));

/** A context with a span, and with what is known of a request: those of the SDK copy all that they have for each value. */
export class TraceContext implements Context {
  readonly #span: Span | undefined;
  readonly #rpc: RPCMetadata | undefined;
  /** Has all the rest. */
  readonly #outer: Context;

  constructor(span: Span | undefined, rpc?: RPCMetadata, outer: Context = ROOT_CONTEXT) {
    this.#span = span;
    this.#rpc = rpc;
    this.#outer = outer;
  }

  getValue(key: symbol): unknown {
    if (key === SPAN) return this.#span;
    return key === RPC ? this.#rpc : this.#outer.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    if (key === SPAN) return new TraceContext(value as Span, this.#rpc, this.#outer);
    if (key === RPC) return new TraceContext(this.#span, value as RPCMetadata, this.#outer);
    return new TraceContext(this.#span, this.#rpc, this.#outer.setValue(key, value));
  }

  deleteValue(key: symbol): Context {
    if (key === SPAN) return new TraceContext(undefined, this.#rpc, this.#outer);
    if (key === RPC) return new TraceContext(this.#span, undefined, this.#outer);
    return new TraceContext(this.#span, this.#rpc, this.#outer.deleteValue(key));
  }
}
