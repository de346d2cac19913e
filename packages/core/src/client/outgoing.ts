import type {
  CallOptions,
  Delivery,
  ElpisError,
  EmitOptions,
  Leaving,
  MapAnswer,
  MapAnswers,
} from "@elpis/api";
import { BodyCodec, Flag, Kind } from "@elpis/protocol";
import { badArgument, deadlinePassed, noResponder } from "../errors.ts";
import { timeoutOf, waits } from "./call-options.ts";
import type { Checks, SchemaPart } from "./checks.ts";
import { extensionOf, leave } from "./followed.ts";
import { InOrder } from "./in-order.ts";
import { RetryBudget, retrying } from "./retry.ts";
import type { PackedCall } from "./session.ts";
import type { Uplink } from "./uplink.ts";
import { FollowedWaiter, MapWaiter, OneWaiter, ReportWaiter, type Waiter } from "./waiters.ts";

const codec = new BodyCodec();

/** What this peer asks and tells: checked where there are schemas, kept while the hub is away, made again where it may be. */
export class Outgoing {
  /** How values are checked; undefined where no schema was ever given. */
  checks: Checks | undefined;
  readonly #uplink: Uplink;
  #budget: RetryBudget | undefined;
  #inOrder: InOrder | undefined;

  constructor(uplink: Uplink) {
    this.#uplink = uplink;
  }

  request(topic: string, input: unknown, options?: CallOptions): Promise<unknown> {
    const { checks } = this;
    if (checks?.covers(topic) !== true) return this.#call(Kind.request, topic, input, options);
    const answer = this.#approved(topic, "input", input, options, (timed) =>
      this.#call(Kind.request, topic, input, timed),
    );
    return answer.then((value) => checks.check(topic, "output", value));
  }

  async consume(topic: string, payload: unknown, options?: CallOptions): Promise<void> {
    const { checks } = this;
    if (checks?.covers(topic) !== true) {
      await this.#call(Kind.consume, topic, payload, options);
      return;
    }
    await this.#approved(topic, "payload", payload, options, (timed) =>
      this.#call(Kind.consume, topic, payload, timed),
    );
  }

  map(topic: string, input: unknown, options?: CallOptions): Promise<MapAnswers<unknown>> {
    const { checks } = this;
    if (checks?.covers(topic) !== true) return this.#map(topic, input, options);
    return this.#approved(topic, "input", input, options, (timed) =>
      this.#map(topic, input, timed),
    ).then((answers) => checkAnswers(checks, topic, answers));
  }

  emit(topic: string, payload: unknown, options?: EmitOptions): Promise<unknown> {
    try {
      if (this.checks?.has(topic, "payload") !== true) return this.#emit(topic, payload, options);
      const approved = this.checks.approve(topic, "payload", payload);
      this.#inOrder ??= new InOrder();
      return this.#inOrder.run(topic, approved, () => this.#emit(topic, payload, options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #call(
    kind: Kind,
    topic: string,
    value: unknown,
    options: CallOptions | undefined,
  ): Promise<unknown> {
    if (options?.idempotent === true) return this.#idempotent(kind, topic, value, options);
    return new Promise((resolve, reject) => {
      const timeoutMs = timeoutOf(options);
      const leaving = this.#leave(kind, topic, value, options?.to);
      const waiter =
        leaving?.ended === undefined
          ? new OneWaiter(topic, timeoutMs, resolve, reject)
          : new FollowedWaiter(leaving, topic, timeoutMs, resolve, reject);
      this.#ask(kind, waiter, value, options, leaving);
    });
  }

  #leave(kind: Kind, topic: string, value: unknown, to: CallOptions["to"]): Leaving | undefined {
    const { tracing } = this.#uplink;
    return tracing === undefined ? undefined : leave(tracing, kind, topic, value, to);
  }

  #map(
    topic: string,
    input: unknown,
    options: CallOptions | undefined,
  ): Promise<MapAnswers<unknown>> {
    return new Promise((resolve, reject) => {
      const timeoutMs = timeoutOf(options);
      const leaving = this.#leave(Kind.map, topic, input, options?.to);
      const answered = (answers: MapAnswers<unknown>): void => {
        leaving?.ended?.();
        resolve(answers);
      };
      const failed = (error: unknown): void => {
        leaving?.ended?.(error);
        reject(error);
      };
      const waiter = new MapWaiter(topic, timeoutMs, answered, failed);
      this.#ask(Kind.map, waiter, input, options, leaving);
    });
  }

  #ask(
    kind: Kind,
    waiter: Waiter,
    value: unknown,
    options: CallOptions | undefined,
    leaving: Leaving | undefined,
  ): void {
    const extension = extensionOf(leaving);
    const { session } = this.#uplink;
    if (session !== undefined) {
      session.ask(kind, waiter, value, options, extension);
      return;
    }
    try {
      const isWaiting = waits(options);
      if (!isWaiting || kind === Kind.map) throw this.#uplink.why();
      this.#send(pack(kind, Flag.wait, value, options, extension), waiter, waiter.timeoutMs);
    } catch (error) {
      waiter.give(error as ElpisError);
    }
  }

  /** Sends what is packed, or keeps it when the hub is away and it may wait. */
  #send(call: PackedCall, waiter: Waiter, timeoutMs: number): void {
    const { session } = this.#uplink;
    if (session !== undefined) return session.again(call, waiter, timeoutMs);
    try {
      if ((call.flags & Flag.wait) === 0) throw this.#uplink.why();
      this.#uplink.keep(call, waiter, timeoutMs);
    } catch (error) {
      waiter.give(error as ElpisError);
    }
  }

  async #idempotent(
    kind: Kind,
    topic: string,
    value: unknown,
    options: CallOptions,
  ): Promise<unknown> {
    const timeoutMs = timeoutOf(options);
    const leaving = this.#leave(kind, topic, value, options.to);
    try {
      const flags = waits(options) ? Flag.wait : 0;
      const call = pack(kind, flags, value, options, extensionOf(leaving));
      this.#budget ??= new RetryBudget();
      const answer = await retrying({
        budget: this.#budget,
        timeoutMs,
        signal: options.signal,
        attempt: (leftMs) =>
          new Promise((resolve, reject) => {
            this.#send(call, new OneWaiter(topic, timeoutMs, resolve, reject), leftMs);
          }),
      });
      leaving?.ended?.();
      return answer;
    } catch (error) {
      leaving?.ended?.(error);
      throw error;
    }
  }

  /** Makes a call once its value has been approved, with what is then left of its time. */
  #approved<Answer>(
    topic: string,
    part: SchemaPart,
    value: unknown,
    options: CallOptions | undefined,
    call: (options: CallOptions | undefined) => Promise<Answer>,
  ): Promise<Answer> {
    try {
      const approved = this.checks?.approve(topic, part, value);
      if (!(approved instanceof Promise)) return call(options);
      const timeoutMs = timeoutOf(options);
      const deadline = performance.now() + timeoutMs;
      return approved.then(() => {
        const left = Math.ceil(deadline - performance.now());
        if (left < 1) throw deadlinePassed({ topic, timeoutMs });
        return call({ ...options, timeoutMs: left });
      });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #emit(topic: string, payload: unknown, options: EmitOptions | undefined): Promise<unknown> {
    if (options !== undefined && isReported(options)) return this.#report(topic, payload, options);
    const { session, tracing } = this.#uplink;
    if (session === undefined) throw this.#uplink.why();
    if (tracing === undefined) return session.emit(topic, payload, options?.to);
    const leaving = leave(tracing, Kind.event, topic, payload, options?.to);
    try {
      const sent = session.emit(topic, payload, options?.to, extensionOf(leaving));
      leaving?.ended?.();
      return sent;
    } catch (error) {
      leaving?.ended?.(error);
      throw error;
    }
  }

  /** An event that the hub answers. */
  async #report(
    topic: string,
    payload: unknown,
    options: EmitOptions,
  ): Promise<Delivery | undefined> {
    const { absent, to, report } = options;
    const timeoutMs = timeoutOf(options);
    const isKept = absent === "wait";
    const flags = Flag.report | (isKept ? Flag.wait : 0);
    const leaving = this.#leave(Kind.event, topic, payload, to);
    const wishes = to === undefined ? undefined : { to };
    const call = orEnd(leaving, () =>
      pack(Kind.event, flags, payload, wishes, extensionOf(leaving)),
    );
    const delivery = await new Promise<Delivery>((resolve, reject) => {
      const done = (value: unknown): void => {
        leaving?.ended?.();
        resolve(value as Delivery);
      };
      const failed = (error: unknown): void => {
        leaving?.ended?.(error);
        reject(error);
      };
      const waiter = new ReportWaiter(topic, timeoutMs, done, failed);
      waiter.isKept = isKept;
      this.#send(call, waiter, timeoutMs);
    });
    if (absent === "fail" && delivery.accepted === 0 && delivery.dropped === 0) {
      throw noResponder({ topic, timeoutMs });
    }
    // What became of it is known, whatever happens while there is no room for the next.
    await this.#uplink.session?.room(to).catch(() => {});
    return report === true ? delivery : undefined;
  }
}

/** @throws ELPIS_HUB_BAD_ARGUMENT */
function isReported({ report, absent }: EmitOptions): boolean {
  if (absent === undefined || absent === "drop") return report === true;
  if (absent === "fail" || absent === "wait") return true;
  throw badArgument("absent", '"drop", "fail" or "wait"', absent);
}

/** In memory of its own, because it may stay for a while. @throws ELPIS_PROTOCOL_NOT_PACKABLE */
export function pack(
  kind: Kind,
  flags: number,
  value: unknown,
  options: PackedCall["options"],
  extension?: Uint8Array,
): PackedCall {
  const frame = Buffer.from(codec.frame(value, kind, 0, 0, 0, 0, extension));
  return { kind, flags, options, extension, frame };
}

async function checkAnswers(
  checks: Checks,
  topic: string,
  answers: MapAnswers<unknown>,
): Promise<MapAnswers<unknown>> {
  const checked = await Promise.all(
    answers.map(async (answer): Promise<MapAnswer<unknown>> => {
      if (!answer.ok) return answer;
      try {
        return { ...answer, value: await checks.check(topic, "output", answer.value) };
      } catch (error) {
        return { from: answer.from, ok: false, error: error as ElpisError };
      }
    }),
  );
  return Object.assign(checked, { partial: checked.some(({ ok }) => !ok) });
}

/** What is followed has ended when it cannot even be made. */
function orEnd<Made>(leaving: Leaving | undefined, make: () => Made): Made {
  try {
    return make();
  } catch (error) {
    leaving?.ended?.(error);
    throw error;
  }
}
