import type {
  AddedReporter,
  Batch,
  Logger,
  Point,
  ReportCall,
  Reporter,
  Reporters,
  ReporterUse,
  Wants,
} from "@elpis/api";
import { createReporterHost, type ReaderOptions } from "../../src/index.ts";
import { type FakeTimers, fakeTimers, settled } from "../support/fake-timers.ts";

export const INTERVAL_MS = 1000;

/** Lines of a log, as they were told. */
interface Lines extends Logger {
  readonly lines: string[];
}

function lines(): Lines {
  const all: string[] = [];
  const say = (message: string, fields?: object): void => {
    all.push(`${message} ${JSON.stringify(fields ?? {})}`);
  };
  const log: Lines = {
    ...{ debug: say, info: say, warn: say, error: say },
    child: () => log,
    lines: all,
  };
  return log;
}

export function counter(name: string, value: number, more: Partial<Point> = {}): Point {
  return {
    ...{ kind: "counter", temporality: "cumulative", name, value, unit: "1", description: "" },
    ...{ group: "test", level: "normal", tags: {}, source: { app: "shop" }, start: 0, time: 0 },
    ...more,
  } as Point;
}

/** A backend that does what it is told to. */
export class Backend {
  /** Whole batches that it has taken. */
  readonly taken: Batch[] = [];
  readonly calls: ReportCall[] = [];
  /** What becomes of the next call, and of all that follow. */
  answer: (batch: Batch, call: ReportCall) => Promise<{ rejected?: number } | undefined> =
    async () => undefined;
  closed = 0;

  get names(): string[] {
    return this.taken.flatMap(({ points }) => points.map(({ name }) => name));
  }

  reporter(wants: Partial<Wants> = {}): Reporter {
    return {
      wants: { signals: ["metrics"], intervalMs: INTERVAL_MS, ...wants },
      report: async (batch, call) => {
        this.calls.push(call);
        const report = await this.answer(batch, call);
        this.taken.push(batch);
        return report;
      },
      close: async () => {
        this.closed += 1;
      },
    };
  }
}

/** A host whose clock stands, and whose points are what `next` holds. */
export interface World {
  readonly timers: FakeTimers;
  readonly host: Reporters;
  readonly log: Lines;
  readonly asked: ReaderOptions[];
  next: readonly Point[];
  /** What the reader gives that was made as number so-and-so. */
  read: (reader: number) => readonly Point[];
  add(
    backend: Backend,
    wants?: Partial<Wants>,
    use?: ReporterUse & { own?: unknown },
  ): () => Promise<void>;
  /** Moves on by so many intervals. */
  intervals(count: number): Promise<void>;
}

export function world(random = () => 0.5, phase = () => 1): World {
  const timers = fakeTimers(1_000_000_000);
  const log = lines();
  const asked: ReaderOptions[] = [];
  const made: World = {
    ...{ timers, log, asked, next: [] as readonly Point[], read: () => made.next },
    host: createReporterHost({
      ...{ phase, log, clock: timers, random, resource: { "service.name": "shop" } },
      createReader: (options) => {
        const reader = asked.push(options) - 1;
        return { read: () => made.read(reader) };
      },
    }),
    add: (backend, wants, { name = "acme", own = {}, ...use } = {}) =>
      made.host.add(added(name, () => backend.reporter(wants), use, own)),
    intervals: async (count) => {
      // Reporters are opened first.
      await settled();
      for (let at = 0; at < count; at += 1) await timers.advance(INTERVAL_MS);
      await settled();
    },
  };
  return made;
}

export function added(
  name: string,
  open: AddedReporter["open"],
  use: Omit<ReporterUse, "name"> = {},
  own: unknown = {},
): AddedReporter {
  return { name, kind: name, open, own, use };
}
