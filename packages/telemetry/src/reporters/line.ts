import {
  type AddedReporter,
  type Batch,
  checkWants,
  type Point,
  type PointFilter,
  parseDuration,
  type Reporter,
  type ReporterStatus,
  type ReporterTest,
  type Wanted,
} from "@elpis/api";
import type { SenderClock } from "../delta/contract.ts";
import { reportTimedOut } from "../errors.ts";
import { wantsInstrument, wantsSource } from "../points/filter.ts";
import type { ReporterHostOptions } from "./contract.ts";
import { noCounts } from "./counts.ts";
import { Delivery } from "./delivery.ts";
import { type Happened, Incoming } from "./incoming.ts";
import { openReporter } from "./opening.ts";
import { Pace } from "./pace.ts";
import { sampleOf } from "./sample.ts";
import { timed } from "./timed.ts";
import { Troubles } from "./troubles.ts";
import { Waiting } from "./waiting.ts";

const TIMEOUT_MS = 10_000;
const FLUSH_MS = 2000;
const CLOSE_MS = 2000;
const QUEUE = { items: 50_000, bytes: 32 * 1024 * 1024 };

/** What a line of one reporter depends on. */
export interface LineParts extends ReporterHostOptions {
  readonly clock: SenderClock;
  readonly random: () => number;
  readonly phase: () => number;
  readonly resource: Batch["resource"];
  readonly nextId: () => string;
  /** Told what it wants, as soon as that is known. */
  readonly onOpen: (wants: Wanted) => void;
}

/** A reporter that is open. */
interface Open {
  readonly reporter: Reporter;
  readonly wants: Wanted;
  readonly incoming: Incoming;
  readonly delivery: Delivery;
  readonly pace: Pace;
}

/** All that one reporter has: its queue, its pace, its troubles. Nothing of it is shared with others. */
export class Line {
  readonly #added: AddedReporter;
  readonly #parts: LineParts;
  readonly #resource: Batch["resource"];
  readonly #timeoutMs: number;
  readonly #limits: typeof QUEUE;
  readonly #waiting: Waiting;
  readonly #troubles: Troubles;
  readonly #counts = noCounts();
  readonly #giveUp: () => void;
  #open: Open | undefined;
  #isClosed = false;
  #lastSuccess: number | undefined;

  constructor(added: AddedReporter, parts: LineParts) {
    const { name, own, use } = added;
    const { clock, random, log } = parts;
    const now = (): number => clock.wallTime();
    this.#added = added;
    this.#parts = parts;
    this.#resource = Object.freeze({ ...parts.resource, ...use.resource });
    this.#timeoutMs = parseDuration(use.timeout ?? TIMEOUT_MS) ?? TIMEOUT_MS;
    this.#limits = { ...QUEUE, ...use.queue };
    this.#waiting = new Waiting(this.#limits);
    this.#troubles = new Troubles(own, log.child({ reporter: name }), now);
    this.#giveUp = openReporter({
      ...{ added, clock, random },
      context: {
        ...{ log: this.#troubles.log, resource: this.#resource, now },
        ...(use.every !== undefined && { everyMs: parseDuration(use.every) ?? 0 }),
      },
      onFailed: (error) => this.#troubles.add(error),
      onOpen: (reporter) => this.#start(reporter),
      end: (reporter) => this.#end(reporter),
    });
  }

  get name(): string {
    return this.#added.name;
  }

  /** Keeps what has happened for the next time. */
  take(happened: Happened): void {
    if (this.#isClosed || this.#open === undefined) return;
    try {
      this.#open.incoming.take(happened);
    } catch (error) {
      // Whatever it was, the others have theirs.
      this.#troubles.add(error);
    }
    this.#open.delivery.pump();
  }

  status(): ReporterStatus {
    const { wants, delivery, incoming } = this.#open ?? {};
    const { kind, name } = this.#added;
    const { items, bytes } = this.#waiting;
    const underWay = delivery?.underWay;
    const oldest = underWay ?? this.#waiting.oldest;
    const lagMs = oldest === undefined ? 0 : Math.round(this.#parts.clock.now() - oldest.madeAt);
    const lastError = this.#troubles.last;
    return {
      ...{ name, kind, ...this.#counts, lagMs },
      state: this.#isClosed ? "closed" : (delivery?.state ?? "opening"),
      signals: wants?.signals ?? [],
      intervalMs: wants?.intervalMs ?? 0,
      queued: {
        items: items + (incoming?.pending ?? 0) + (underWay?.items.length ?? 0),
        bytes: bytes + (underWay?.bytes ?? 0),
      },
      ...(this.#lastSuccess !== undefined && { lastSuccess: this.#lastSuccess }),
      ...(lastError !== undefined && { lastError }),
    };
  }

  /** Sends a sample past everything that waits. @param source whose it is */
  async test(source: { readonly app: string; readonly name: string }): Promise<ReporterTest> {
    const { name } = this.#added;
    const { clock, nextId } = this.#parts;
    const startedAt = clock.now();
    const result = (
      more: Pick<ReporterTest, "items" | "rejected"> & Partial<ReporterTest>,
    ): ReporterTest => ({
      ...{ name, ok: more.rejected === 0 && more.items > 0, ...more },
      tookMs: Math.round(clock.now() - startedAt),
    });
    if (this.#open === undefined) {
      const { message = "it is being opened" } = this.#troubles.last ?? {};
      return result({ items: 0, rejected: 0, reason: message });
    }
    const { delivery, wants } = this.#open;
    const items = wants.signals.length;
    let rejected = 0;
    let said: Pick<ReporterTest, "reason" | "code"> = {};
    for (const signal of wants.signals) {
      const about = { id: nextId(), time: clock.wallTime(), resource: this.#resource, source };
      try {
        const report = await delivery.sample(sampleOf(signal, about));
        if (Number(report.rejected) > 0) {
          rejected += 1;
          said = this.#said(new Error(report.reason ?? "the backend does not say why"));
        }
      } catch (error) {
        rejected += 1;
        said = this.#said(error);
      }
    }
    return result({ items, rejected, ...said });
  }

  /** Sends what there is for the last time, and ends. Never rejects. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#giveUp();
    if (this.#open === undefined) return;
    const { pace, delivery, reporter, wants } = this.#open;
    pace.stop();
    // A second value for one step is refused where there is one for each.
    this.#collect(wants.aligned !== true);
    await delivery.close(this.#parts.flushMs ?? FLUSH_MS);
    await this.#end(reporter);
  }

  #start(reporter: Reporter): void {
    const { name, use } = this.#added;
    const { clock, random, nextId, createReader, onOpen, phase } = this.#parts;
    const given = checkWants(name, reporter.wants);
    // One that is aligned was told what is wanted, and has decided.
    const every = given.aligned === true ? undefined : use.every;
    const intervalMs = parseDuration(every ?? given.intervalMs) ?? given.intervalMs;
    const scope = use.scope ?? given.scope ?? "name";
    const wants: Wanted = { ...given, scope, intervalMs };
    const { temporality, signals, aligned = false } = wants;
    const filter = use.only === undefined ? {} : { filter: use.only };
    const wantsPoints = signals.includes("metrics");
    const points = wantsPoints ? createReader({ temporality, scope, ...filter }) : undefined;
    const common = { wants, clock, nextId, waiting: this.#waiting, counts: this.#counts };
    const { items, bytes } = this.#limits;
    this.#open = {
      ...{ reporter, wants },
      incoming: new Incoming({
        ...{ ...common, points },
        isChosen: (point) => wantsPoint(use.only, point),
        // A batch alone must fit into what may wait.
        maxItems: Math.min(wants.maxItems, items),
        maxBytes: Math.min(wants.maxBytes, bytes),
      }),
      delivery: new Delivery({
        ...{ ...common, name, reporter, random },
        ...{ resource: this.#resource, timeoutMs: this.#timeoutMs },
        onFailed: (error) => this.#troubles.add(error),
        onTaken: () => {
          this.#lastSuccess = clock.wallTime();
          this.#troubles.over();
        },
      }),
      pace: new Pace(clock, { intervalMs, isAligned: aligned, phase: phase() }, () => {
        this.#collect(true);
        this.#open?.delivery.pump();
      }),
    };
    onOpen(wants);
  }

  #collect(withPoints: boolean): void {
    try {
      this.#open?.incoming.collect(withPoints);
    } catch (error) {
      this.#troubles.add(error);
    }
  }

  #said(error: unknown): Pick<ReporterTest, "reason" | "code"> {
    const { code, message } = this.#troubles.describe(error);
    return { reason: message, ...(code !== undefined && { code }) };
  }

  async #end(reporter: Reporter): Promise<void> {
    try {
      const late = (): Error => reportTimedOut(this.#added.name, CLOSE_MS);
      await timed(this.#parts.clock, CLOSE_MS, late, () => reporter.close?.());
    } catch (error) {
      this.#troubles.add(error);
    }
  }
}

function wantsPoint(only: PointFilter | undefined, point: Point): boolean {
  return wantsSource(only, point.source) && wantsInstrument(only, point);
}
