import assert from "node:assert/strict";
import {
  type Batch,
  checkWants,
  errorToData,
  hasCode,
  isSecretName,
  type Logger,
  type Report,
  type Reporter,
  type ReporterDefinition,
  type Wanted,
} from "@elpis/api";
import type { ReporterBackend, Sickness } from "./backend.ts";
import { batchesFor } from "./batches.ts";

/** How a reporter is put to the test. */
export interface ReporterContractOptions<Options> {
  /** `test` or `it` of vitest, node:test, jest, …: takes a name and a function. */
  readonly test: (name: string, run: () => Promise<void>) => unknown;
  /** Makes a backend, for each test anew; {@link httpBackend} is one. */
  readonly backend: () => ReporterBackend<Options> | Promise<ReporterBackend<Options>>;
}

const CALL_MS = 10_000;
/** Shorter ones turn up in other words. */
const MIN_SECRET_CHARS = 4;
/** How long a reporter may take to heed a signal. */
const HEED_MS = 1000;

/** A reporter that is open, and what has been heard of it. */
interface Trial<Options> {
  readonly backend: ReporterBackend<Options>;
  readonly reporter: Reporter;
  readonly wants: Wanted;
  /** Lines of its log, and errors it has thrown. */
  readonly heard: string[];
  /** Hands over batches, one after the other. */
  report(batches: readonly Batch[], signal?: AbortSignal): Promise<Report>;
}

/**
 * What every reporter has to keep to, as tests: shapes, empty and large batches, signals, failures, secrets, the end.
 *
 * @example
 * import { test } from "vitest";
 * reporterContract(acme, {
 *   test,
 *   backend: () => httpBackend({ options: (url) => ({ url, licenceKey: "not-to-be-seen" }) }),
 * });
 */
export function reporterContract<Options extends object>(
  factory: { readonly definition: ReporterDefinition<Options> },
  { test, backend }: ReporterContractOptions<Options>,
): void {
  const { definition } = factory;
  const { name } = definition;
  const trial = (
    what: string,
    run: (trial: Trial<Options>) => Promise<void>,
    sickness?: Sickness,
  ): void => {
    test(`${name} ${what}`, async () => {
      const made = await backend();
      try {
        const { sicknesses = ["later", "reject", "hang"] } = made;
        // A protocol without an answer cannot say that.
        if (sickness !== undefined && !sicknesses.includes(sickness)) return;
        const opened = await open(definition, made);
        try {
          if (sickness !== undefined) await made.set(sickness);
          await run(opened);
        } finally {
          await opened.reporter.close?.();
        }
        checkSecrets(made.options, opened.heard);
      } finally {
        await made.close();
      }
    });
  };

  test(`${name} has a name, and options that fit`, async () => {
    assert.match(name, /^[a-z0-9]+(-[a-z0-9]+)*$/, "the name is kebab-case");
    const made = await backend();
    try {
      const result = await definition.options?.["~standard"].validate(made.options);
      assert.deepEqual(result?.issues ?? [], [], "its own schema takes the options");
    } finally {
      await made.close();
    }
  });
  trial("takes an empty batch", async ({ wants, report }) => {
    assert.equal((await report(batchesFor(wants, "empty", 0))).rejected, 0);
  });
  trial(
    "takes what it wants, and changes nothing of it",
    async ({ backend: to, wants, report }) => {
      const before = to.received;
      const batches = batchesFor(wants, "some", 16);
      const copy = JSON.stringify(batches);
      const { rejected = 0 } = await report(batches);
      assert.equal(JSON.stringify(batches), copy, "what it was handed is as it was");
      assert.ok(
        Number.isInteger(rejected) && rejected >= 0 && rejected < 16 * wants.signals.length,
      );
      assert.ok(to.received > before, "the backend has heard of it");
    },
  );
  trial("takes as much at once as it says", async ({ wants, report }) => {
    const count = Math.min(wants.maxItems, 5000);
    const { rejected = 0 } = await report(batchesFor(wants, "large", count));
    assert.ok(rejected < count * wants.signals.length, "most of it is taken");
  });
  trial(
    "heeds the signal",
    async ({ backend: to, wants, report }) => {
      const controller = new AbortController();
      const before = to.received;
      const call = report(batchesFor(wants, "late", 1), controller.signal).then(
        () => "it was taken",
        () => "given up",
      );
      await until(() => to.received > before, "the backend to be asked");
      controller.abort(new Error("the time is up"));
      const late = after(HEED_MS, "it goes on");
      assert.equal(await Promise.race([call, late]), "given up");
    },
    "hang",
  );
  trial("does nothing when the time is up already", async ({ backend: to, wants, report }) => {
    const before = to.received;
    const call = report(batchesFor(wants, "over", 1), AbortSignal.abort(new Error("over"))).then(
      () => "back",
      () => "back",
    );
    assert.equal(await Promise.race([call, after(HEED_MS, "it goes on")]), "back");
    assert.equal(to.received, before, "the backend has not heard of it");
  });
  trial(
    "says that it is to be tried again later",
    async ({ wants, report }) => {
      const error = await failure(report(batchesFor(wants, "later", 1)));
      assert.ok(hasCode(error, "ELPIS_REPORTER_RETRY_LATER"), `RetryLater, not ${String(error)}`);
      const { afterMs = 2000 } = error.details;
      assert.equal(afterMs, 2000, "as long as the backend asks for, in milliseconds");
    },
    "later",
  );
  trial(
    "says that it is of no use to try again",
    async ({ wants, report }) => {
      const error = await failure(report(batchesFor(wants, "never", 1)));
      const others = ["ELPIS_REPORTER_RETRY_LATER", "ELPIS_REPORTER_TOO_LARGE"];
      const isRejection =
        !others.some((code) => hasCode(error, code)) &&
        !["AbortError", "TimeoutError"].includes((error as Error).name);
      assert.ok(isRejection, `a rejection, not ${String(error)}`);
    },
    "reject",
  );
  trial(
    "works again when its backend does",
    async ({ backend: to, wants, report }) => {
      await failure(report(batchesFor(wants, "1", 1)));
      await to.set("well");
      await report(batchesFor(wants, "2", 1));
    },
    "later",
  );
  trial("can be closed twice, and without ever having been used", async ({ reporter }) => {
    await reporter.close?.();
  });
}

async function open<Options>(
  definition: ReporterDefinition<Options>,
  backend: ReporterBackend<Options>,
): Promise<Trial<Options>> {
  const heard: string[] = [];
  const say = (...parts: readonly unknown[]): void => {
    heard.push(JSON.stringify(parts.map((part) => (part instanceof Error ? textOf(part) : part))));
  };
  const log: Logger = { ...{ debug: say, info: say, warn: say, error: say }, child: () => log };
  const resource = { "service.name": "shop", "host.name": "host" };
  const context = { log, resource, now: () => Date.now() };
  const reporter = await definition.open(backend.options, context);
  return {
    ...{ backend, reporter, heard },
    wants: checkWants(definition.name, reporter.wants),
    report: async (batches, signal = AbortSignal.timeout(CALL_MS)) => {
      let rejected = 0;
      for (const batch of batches) {
        const call = { signal, attempt: 1, deadline: Date.now() + CALL_MS };
        try {
          const report = await reporter.report(batch, call);
          rejected += (report ?? undefined)?.rejected ?? 0;
        } catch (error) {
          heard.push(textOf(error));
          throw error;
        }
      }
      return { rejected };
    },
  };
}

/** All that an error says to somebody. */
function textOf(error: unknown): string {
  return JSON.stringify(errorToData(error, true));
}

function checkSecrets(options: unknown, heard: readonly string[]): void {
  for (const secret of secretsIn(options, false)) {
    for (const text of heard) {
      assert.ok(!text.includes(secret), `a secret of its options is in ${text}`);
    }
  }
}

function* secretsIn(value: unknown, isSecret: boolean): Generator<string> {
  if (typeof value === "string" && isSecret && value.length >= MIN_SECRET_CHARS) yield value;
  if (typeof value !== "object" || value === null) return;
  for (const [key, one] of Object.entries(value))
    yield* secretsIn(one, isSecret || isSecretName(key));
}

async function failure(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  return assert.fail("it says that the batch was taken");
}

async function until(look: () => boolean, what: string): Promise<void> {
  const end = performance.now() + CALL_MS;
  while (!look()) {
    if (performance.now() > end) assert.fail(`waited in vain for ${what}`);
    await after(5, undefined);
  }
}

function after<Value>(ms: number, value: Value): Promise<Value> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms, value).unref();
  });
}
