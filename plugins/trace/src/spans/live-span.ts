import type {
  Attributes,
  AttributeValue,
  Exception,
  Link,
  Span,
  SpanContext,
  SpanStatus,
  TimeInput,
  TraceState,
} from "@opentelemetry/api";
import { SpanStatusCode, TraceFlags } from "../otel.ts";
import { spanIdText, type TraceId } from "../wire/ids.ts";
import { HUB_FROM } from "../wire/layout.ts";
import type { Packable, Value } from "../wire/packable.ts";
import { type Clock, monotonic, timeOf } from "./clock.ts";
import { contextOf, type Origin } from "./origin.ts";
import { randomBits, randomPart } from "./random.ts";
import { addTag, MAX_TAGS, tagsOf, tagValue } from "./tags.ts";

const MAX_EVENTS = 32;
const MAX_LINKS = 128;
/** From how far apart on a span has a beginning of its own, and not that of the moment in which it was made. */
const OWN_START_MS = 25;

type Event = Packable["events"][number];
type LinkTo = Packable["links"][number];
const NONE: readonly never[] = [];

/** Whoever is told of spans. */
export interface SpanSink {
  readonly clock: Clock;
  began(span: LiveSpan): void;
  ended(span: LiveSpan): void;
}

/** Spans that stand one behind the other. */
export interface Row {
  first: LiveSpan | undefined;
  last: LiveSpan | undefined;
}

/**
 * A span that is recorded. It is that of OpenTelemetry's interface, and made for little: what it has is kept as it travels, and nothing
 * of it outlives its end.
 */
export class LiveSpan implements Origin, Span, Packable {
  readonly #sink: SpanSink;
  readonly trace: TraceId;
  readonly idHigh: number = randomBits();
  readonly idLow: number = randomPart();
  readonly state: TraceState | undefined;
  #context: SpanContext | undefined = undefined;
  /** Its parent, where that is one of this process and this one is open. */
  outer: LiveSpan | undefined = undefined;
  parentHigh = 0;
  parentLow = 0;
  readonly scope: string;
  readonly kind: number;
  name: string;
  start: number;
  /** When it was made, on the monotonic clock. */
  readonly since: number;
  #hasOwnStart = false;
  durationMs = 0;
  status = 0;
  statusMessage: string | undefined = undefined;
  from: string | undefined = undefined;
  tags: Array<string | Value> = [];
  events: readonly Event[] = NONE;
  links: readonly LinkTo[] = NONE;
  isOver = false;
  /** Where it stands among those that are open, and who stands beside it. */
  row: Row | undefined = undefined;
  before: LiveSpan | undefined = undefined;
  after: LiveSpan | undefined = undefined;
  /** One that came from it is over. */
  hasChildOver = false;

  /** @param parent undefined: it begins the trace */
  constructor(
    sink: SpanSink,
    trace: TraceId,
    parent: Origin | undefined,
    { scope, name, kind }: { scope: string; name: string; kind: number },
  ) {
    this.#sink = sink;
    this.trace = trace;
    this.state = parent?.state;
    this.scope = scope;
    this.name = name;
    this.kind = kind;
    this.since = monotonic();
    this.start = sink.clock.wall(this.since);
    if (parent !== undefined) {
      this.parentHigh = parent.idHigh;
      this.parentLow = parent.idLow;
    }
  }

  get isElpisOrigin(): true {
    return true;
  }

  get isElpisSpan(): true {
    return true;
  }

  static is(value: object): value is LiveSpan {
    return (value as Partial<LiveSpan>).isElpisSpan === true;
  }

  get traceState(): string | undefined {
    return this.state?.serialize();
  }

  get flags(): number {
    return TraceFlags.SAMPLED;
  }

  get spanId(): string {
    return this.spanContext().spanId;
  }

  get parentSpanId(): string | undefined {
    if (this.parentHigh === 0 && this.parentLow === 0) return undefined;
    return spanIdText(this.parentHigh, this.parentLow);
  }

  /** As those of the SDK have them, for hooks of instrumentations that look. */
  get attributes(): Attributes {
    const attributes: Attributes = {};
    for (let at = 0; at < this.tags.length; at += 2) {
      attributes[this.tags[at] as string] = this.tags[at + 1] as AttributeValue;
    }
    if (this.from !== undefined) attributes[HUB_FROM] = this.from;
    return attributes;
  }

  spanContext(): SpanContext {
    this.#context ??= contextOf(this);
    return this.#context;
  }

  isRecording(): boolean {
    return !this.isOver;
  }

  setAttribute(key: string, value: AttributeValue): this {
    if (!this.isOver) addTag(this.tags, key, value);
    return this;
  }

  setAttributes(attributes: Attributes): this {
    if (this.tags.length === 0 && !this.isOver) return this.begin(attributes);
    for (const key in attributes) this.setAttribute(key, attributes[key] as AttributeValue);
    return this;
  }

  /** Like `setAttributes`, for one that has none yet. */
  begin(attributes: Attributes): this {
    for (const key in attributes) {
      const value = tagValue(attributes[key]);
      if (value !== undefined && key !== "" && this.tags.length < 2 * MAX_TAGS) {
        this.tags.push(key, value);
      }
    }
    return this;
  }

  addEvent(name: string, more?: Attributes | TimeInput, time?: TimeInput): this {
    if (this.isOver || this.events.length >= MAX_EVENTS) return this;
    const hasTags = typeof more === "object" && !Array.isArray(more) && !(more instanceof Date);
    const at = time ?? (hasTags ? undefined : (more as TimeInput | undefined));
    const tags = hasTags ? tagsOf(more as Attributes) : NONE;
    const event = { name: String(name), time: timeOf(at) ?? this.#now(), tags };
    this.events = [...this.events, event];
    return this;
  }

  addLink({ context, attributes = {} }: Link): this {
    return this.addLinks([{ context, attributes }]);
  }

  addLinks(links: Link[]): this {
    if (this.isOver) return this;
    const room = MAX_LINKS - this.links.length;
    const added = links.slice(0, room).map(({ context: { traceId, spanId }, attributes = {} }) => ({
      ...{ traceId, spanId },
      tags: tagsOf(attributes),
    }));
    this.links = [...this.links, ...added];
    return this;
  }

  setStatus({ code, message }: SpanStatus): this {
    // What was said to be well stays so.
    if (this.isOver || this.status === SpanStatusCode.OK || code === SpanStatusCode.UNSET) {
      return this;
    }
    this.status = code;
    this.statusMessage = code === SpanStatusCode.ERROR && message ? String(message) : undefined;
    return this;
  }

  updateName(name: string): this {
    if (!this.isOver) this.name = name;
    return this;
  }

  recordException(exception: Exception, time?: TimeInput): void {
    const { code, name, message, stack } = (
      typeof exception === "string" ? { message: exception } : exception
    ) as Partial<Record<"code" | "name" | "message" | "stack", unknown>>;
    const type = code ?? name;
    this.addEvent(
      "exception",
      {
        ...(type !== undefined && { "exception.type": String(type) }),
        ...(message !== undefined && { "exception.message": String(message) }),
        ...(stack !== undefined && { "exception.stacktrace": String(stack) }),
      },
      time,
    );
  }

  /** Has it begun at another time than that when it was made. */
  beganAt(time: TimeInput): void {
    const start = timeOf(time);
    if (start === undefined || Math.abs(start - this.start) <= OWN_START_MS) return;
    this.start = start;
    this.#hasOwnStart = true;
  }

  end(time?: TimeInput): void {
    if (this.isOver) return;
    const end = timeOf(time) ?? (this.#hasOwnStart ? this.#now() : undefined);
    const durationMs = end === undefined ? monotonic() - this.since : end - this.start;
    this.durationMs = Math.max(0, durationMs);
    this.isOver = true;
    this.#sink.ended(this);
    this.outer = undefined;
  }

  #now(): number {
    return this.#sink.clock.wall(monotonic());
  }
}
