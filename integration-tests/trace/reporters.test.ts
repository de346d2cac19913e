import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { SpanRecord } from "@elpis/api";
import { type HttpBackend, httpBackend, type ReceivedRequest, tempDir } from "@elpis/testing";
import root from "otlp-protos/build/src/generated/root.js";
import { describe, expect, it, onTestFinished } from "vitest";
import { useDatabases } from "../support/databases.ts";
import { until } from "../support/wait.ts";
import { startShop, traceIsThere } from "./shop.ts";

const databases = await useDatabases("mysql", "redis");

/** What of a span each backend is to be told alike. */
interface Told {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
}

interface OtlpSpan {
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly parentSpanId?: Uint8Array;
  readonly name: string;
}
interface OtlpRequest {
  readonly resourceSpans: ReadonlyArray<{
    readonly scopeSpans: ReadonlyArray<{ readonly spans: readonly OtlpSpan[] }>;
  }>;
}

/** The class that protobufjs made of the official .proto file. */
const { ExportTraceServiceRequest } = (
  root as unknown as {
    readonly opentelemetry: {
      readonly proto: {
        readonly collector: {
          readonly trace: {
            readonly v1: {
              readonly ExportTraceServiceRequest: { decode(bytes: Uint8Array): OtlpRequest };
            };
          };
        };
      };
    };
  }
).opentelemetry.proto.collector.trace.v1;

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString("hex");

const ofOtlp = ({ body }: ReceivedRequest): Told[] =>
  ExportTraceServiceRequest.decode(body)
    .resourceSpans.flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap(({ spans }) => spans)
    .map(({ traceId, spanId, parentSpanId, name }) => ({
      ...{ traceId: hex(traceId), spanId: hex(spanId), name },
      parentSpanId: hex(parentSpanId) || undefined,
    }));

interface NewRelicSpan {
  readonly id: string;
  readonly "trace.id": string;
  readonly attributes: Readonly<Record<string, string>>;
}

const ofNewRelic = ({ body }: ReceivedRequest): Told[] =>
  (JSON.parse(gunzipSync(body).toString()) as { readonly spans: readonly NewRelicSpan[] }[])
    .flatMap(({ spans }) => spans)
    .map(({ id, "trace.id": traceId, attributes }) => ({
      ...{ traceId, spanId: id, name: attributes.name as string },
      parentSpanId: attributes["parent.id"],
    }));

function ofFile(path: string): Told[] {
  const lines = readFileSync(path, "utf8").split("\n").filter(Boolean);
  return lines
    .map((line) => JSON.parse(line) as SpanRecord & { readonly signal: string })
    .filter(({ signal }) => signal === "span")
    .map(({ traceId, spanId, parentSpanId, name }) => ({ traceId, spanId, parentSpanId, name }));
}

/** The spans of a trace, in an order of their own. */
const inOrder = (spans: readonly Told[], traceId: string): Told[] =>
  spans.filter((span) => span.traceId === traceId).sort((a, b) => a.spanId.localeCompare(b.spanId));

async function backend(): Promise<HttpBackend<string>> {
  const made = await httpBackend<string>({
    options: (url) => url,
    answer: ({ url }) => ({ status: url.startsWith("/v1/") ? 200 : 202 }),
  });
  onTestFinished(() => made.close());
  return made;
}

describe.skipIf(!traceIsThere || databases.missing !== undefined)("reporters", () => {
  it("each tell their backend all spans of a request, once", async () => {
    const [collector, relic, dir] = [await backend(), await backend(), await tempDir()];
    onTestFinished(() => dir.remove());
    const path = `${dir.path}/spans.jsonl`;
    const every = "300ms";
    const shop = await startShop(databases, {
      reporters: {
        otlp: { every, endpoint: collector.url },
        file: { every, path, signals: ["spans"] },
        newRelic: {
          ...{ every, apiKey: "0123456789", accountId: 1 },
          ...{ metricUrl: `${relic.url}/m`, traceUrl: `${relic.url}/t` },
          eventUrl: `${relic.url}/e`,
        },
      },
    });
    const sent = (one: HttpBackend<string>, door: string) =>
      one.requests.filter(({ url }) => url.startsWith(door));
    const told: Readonly<Record<string, () => Told[]>> = {
      otlp: () => sent(collector, "/v1/traces").flatMap(ofOtlp),
      "new-relic": () => sent(relic, "/t").flatMap(ofNewRelic),
      file: () => ofFile(path),
    };
    const { traceId } = await shop.get("/order/tea");
    const trace = await shop.trace(traceId);
    const wanted = inOrder(
      trace.tree.map(({ spanId, parentSpanId, name }) => ({
        ...{ traceId: trace.traceId, spanId, parentSpanId, name },
      })),
      trace.traceId,
    );
    expect(new Set(wanted.map(({ spanId }) => spanId)).size).toBeGreaterThanOrEqual(8);
    for (const [name, read] of Object.entries(told)) {
      await until(`${name} to know`, () => {
        const found = inOrder(read(), trace.traceId);
        if (found.length >= wanted.length) return true;
        throw new Error(JSON.stringify(found));
      });
      expect(inOrder(read(), trace.traceId), name).toEqual(wanted);
    }
    // Another trace later: by then what was told twice would be there.
    const next = await shop.trace((await shop.get("/price/cake")).traceId);
    for (const [name, read] of Object.entries(told)) {
      await until(`${name} to know the next one`, () =>
        read().some((span) => span.traceId === next.traceId),
      );
      expect(inOrder(read(), trace.traceId), name).toEqual(wanted);
      expect(JSON.stringify(read())).not.toContain("secret-");
    }
  });
});
