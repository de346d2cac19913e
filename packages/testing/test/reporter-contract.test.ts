import { checkAnswer, defineReporter, object, type Reporter } from "@elpis/api";
import { describe, expect, it, test } from "vitest";
import { httpBackend, reporterContract } from "../src/index.ts";

interface Options {
  readonly url: string;
  readonly licenceKey: string;
}

const WANTS = { signals: ["metrics", "spans", "errors", "events"], maxItems: 200 } as const;

/** A reporter with what is given put over one that is right. */
function reporter(change: (right: Reporter, options: Options) => Partial<Reporter> = () => ({})) {
  return defineReporter<Options>({
    name: "acme",
    options: object<Options>({ url: "url", licenceKey: "string" }),
    open: (options) => {
      const right: Reporter = {
        wants: WANTS,
        report: async (batch, { signal }) => {
          const headers = { key: options.licenceKey };
          const body = JSON.stringify(batch);
          await checkAnswer(await fetch(options.url, { method: "POST", headers, body, signal }));
        },
      };
      return { ...right, ...change(right, options) };
    },
  });
}

const backend = () =>
  httpBackend<Options>({ options: (url) => ({ url, licenceKey: "not-to-be-seen" }) });

reporterContract(reporter(), { test, backend });

/** The tests that a reporter does not pass. */
async function failing(factory: ReturnType<typeof reporter>): Promise<string[]> {
  const tests: { readonly name: string; readonly run: () => Promise<void> }[] = [];
  const collect = (name: string, run: () => Promise<void>): void => void tests.push({ name, run });
  reporterContract(factory, { test: collect, backend });
  const failed: string[] = [];
  for (const { name, run } of tests) {
    await run().catch(() => failed.push(name.replace("acme ", "")));
  }
  return failed;
}

describe("what is wrong with a reporter is found", () => {
  it.each<[string, (right: Reporter, options: Options) => Partial<Reporter>, string[]]>([
    [
      "it does not heed the signal",
      (_, { url }) => ({
        report: async (batch) =>
          checkAnswer(await fetch(url, { method: "POST", body: JSON.stringify(batch) })),
      }),
      ["heeds the signal", "does nothing when the time is up already"],
    ],
    [
      "it takes every answer for a good one",
      (_, { url }) => ({
        report: async (batch, { signal }) => {
          await fetch(url, { method: "POST", body: JSON.stringify(batch), signal });
        },
      }),
      [
        "says that it is to be tried again later",
        "says that it is of no use to try again",
        "works again when its backend does",
      ],
    ],
    [
      "it tells its key",
      ({ report }, { licenceKey }) => ({
        report: (batch, call) =>
          report(batch, call).catch((error: Error) => {
            throw Object.assign(error, { message: `${error.message} with ${licenceKey}` });
          }),
      }),
      [
        "heeds the signal",
        "does nothing when the time is up already",
        "says that it is to be tried again later",
        "says that it is of no use to try again",
        "works again when its backend does",
      ],
    ],
    [
      "it changes what it is handed",
      ({ report }) => ({
        report: (batch, call) => {
          (batch.points as unknown[]).push({});
          return report(batch, call);
        },
      }),
      expect.arrayContaining(["takes what it wants, and changes nothing of it"]),
    ],
    [
      "it sends nothing",
      () => ({ report: async () => {} }),
      expect.arrayContaining(["takes what it wants, and changes nothing of it"]),
    ],
    [
      "it cannot be closed twice",
      () => {
        let isClosed = false;
        return {
          close: () => {
            if (isClosed) throw new Error("closed");
            isClosed = true;
          },
        };
      },
      ["can be closed twice, and without ever having been used"],
    ],
    [
      "it wants nothing that there is",
      () => ({ wants: { signals: ["everything"] } as never }),
      expect.arrayContaining(["takes an empty batch"]),
    ],
  ])("%s", { timeout: 40_000 }, async (_, change, expected) => {
    expect(await failing(reporter(change))).toEqual(expected);
  });
});
