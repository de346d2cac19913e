import { type Batch, hasCode, type Report, type ReportCall } from "@elpis/api";

/** Sends what of a batch it is there for. Throws what a reporter throws. */
export type SendPart = (batch: Batch, call: ReportCall) => Promise<Report | undefined>;

/** What is sent by itself: points, spans, and errors and events together. */
export interface PartSenders {
  readonly points?: SendPart;
  readonly spans?: SendPart;
  readonly logs?: SendPart;
}

interface Part {
  readonly items: readonly object[];
  readonly batch: Batch;
  readonly send: SendPart;
}

/**
 * Sends the signals of a batch apart, for backends that have a door for each. When some were taken and others were not, what
 * was taken is remembered, and left out when the rest comes again, be it halved.
 */
export class PartReporter {
  readonly #senders: PartSenders;
  /** Items that were taken, or refused for good, in a batch of which something else has to come again. */
  readonly #done = new WeakSet<object>();
  /** Of these, how many were refused. */
  #rejected = 0;

  constructor(senders: PartSenders) {
    this.#senders = senders;
  }

  /** @throws what one of them threw, when there is something to be sent again, or nothing was taken */
  async report(batch: Batch, call: ReportCall): Promise<Report> {
    const parts = this.#partsOf(batch);
    const failures: { readonly part: Part; readonly error: unknown }[] = [];
    let rejected = 0;
    let reason: string | undefined;
    // One after the other: whoever sends has one request under way.
    for (const part of parts) {
      try {
        const report = await part.send(part.batch, call);
        rejected += report?.rejected ?? 0;
        reason ??= report?.reason;
      } catch (error) {
        failures.push({ part, error });
      }
    }
    const refused = failures.filter(({ error }) => isRefused(error));
    const again = failures.filter(({ error }) => !isRefused(error));
    const isNothingTaken = failures.length === parts.length;
    if (again.length === 0 && !(isNothingTaken && refused.length > 0)) {
      const lost = refused.reduce((sum, { part }) => sum + part.items.length, this.#rejected);
      this.#rejected = 0;
      reason ??= (refused[0]?.error as Error | undefined)?.message;
      return { rejected: rejected + lost, ...(reason !== undefined && { reason }) };
    }
    if (again.length === 0) throw refused[0]?.error;
    for (const part of parts) {
      if (again.some((one) => one.part === part)) continue;
      for (const item of part.items) this.#done.add(item);
    }
    this.#rejected += rejected + refused.reduce((sum, { part }) => sum + part.items.length, 0);
    throw mostUrgent(again.map(({ error }) => error));
  }

  #partsOf(batch: Batch): Part[] {
    const left = <Item extends object>(items: readonly Item[]): readonly Item[] =>
      items.filter((item) => !this.#done.has(item));
    const points = left(batch.points);
    const spans = left(batch.spans);
    const errors = left(batch.errors);
    const events = left(batch.events);
    const rest = { ...batch, points, spans, errors, events };
    const senders = this.#senders;
    const parts: Part[] = [];
    const add = (items: readonly object[], send: SendPart | undefined): void => {
      if (items.length > 0 && send !== undefined) parts.push({ items, send, batch: rest });
    };
    add(points, senders.points);
    add(spans, senders.spans);
    add([...errors, ...events], senders.logs);
    return parts;
  }
}

/** By its code: a program may have two copies of the class. */
function isRefused(error: unknown): boolean {
  return hasCode(error, "ELPIS_REPORTER_REJECTED");
}

/** Waiting helps more than halving; what nobody has foreseen is for the host to judge. */
function mostUrgent(errors: readonly unknown[]): unknown {
  const later = errors.find((error) => hasCode(error, "ELPIS_REPORTER_RETRY_LATER"));
  const other = errors.find((error) => !hasCode(error, "ELPIS_REPORTER_TOO_LARGE"));
  return later ?? other ?? errors[0];
}
