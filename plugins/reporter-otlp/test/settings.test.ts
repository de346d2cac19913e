import { inspect } from "node:util";
import type { Logger, ReporterContext } from "@elpis/api";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Environment } from "../src/environment.ts";
import { otlp } from "../src/index.ts";
import { type OtlpOptions, schema } from "../src/options.ts";
import { settingsOf } from "../src/settings.ts";

const doors = (options: OtlpOptions, env: Environment = {}): unknown =>
  settingsOf(options, env).doors.map(({ url, ...rest }) => [url, rest]);
const urls = (options: OtlpOptions, env: Environment = {}): string[] =>
  settingsOf(options, env).doors.map(({ url }) => url);

describe("settings", () => {
  it("are those of a collector on this machine when nothing is said", () => {
    const rest = { protocol: "http/protobuf", headers: {}, gzip: false };
    expect(doors({})).toEqual([
      ["http://localhost:4318/v1/metrics", { signal: "metrics", ...rest }],
      ["http://localhost:4318/v1/traces", { signal: "traces", ...rest }],
      ["http://localhost:4318/v1/logs", { signal: "logs", ...rest }],
    ]);
    expect(settingsOf({}, {})).toMatchObject({
      ...{ temporality: "cumulative", histograms: "exponential" },
    });
    expect(urls({ protocol: "grpc", signals: ["logs"] })).toEqual(["http://localhost:4317/"]);
  });

  it("come from the environment as OpenTelemetry has it", () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: "https://otlp.example.com/base/",
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://traces.example.com/in?key=1",
      OTEL_EXPORTER_OTLP_HEADERS: "api-key=a%20b%0A, X-One=1,broken,bad name=1,bad=a%0Ab",
      OTEL_EXPORTER_OTLP_LOGS_HEADERS: "x-one=2",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: "http/protobuf",
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
      OTEL_EXPORTER_OTLP_LOGS_COMPRESSION: "none",
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "DELTA",
      OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: "explicit_bucket_histogram",
    };
    const headers = { "api-key": "a b", "x-one": "1" };
    expect(doors({}, env)).toEqual([
      [
        "https://otlp.example.com/base/v1/metrics",
        { signal: "metrics", protocol: "http/protobuf", headers, gzip: true },
      ],
      [
        "http://traces.example.com/in?key=1",
        { signal: "traces", protocol: "http/json", headers, gzip: true },
      ],
      [
        "https://otlp.example.com/base/v1/logs",
        {
          ...{ signal: "logs", protocol: "http/json", gzip: false },
          headers: { ...headers, "x-one": "2" },
        },
      ],
    ]);
    expect(settingsOf({}, env)).toMatchObject({ temporality: "delta", histograms: "explicit" });
  });

  it("come from options first", () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: "https://env.example.com",
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "https://env.example.com/logs",
      OTEL_EXPORTER_OTLP_HEADERS: "api-key=env",
    };
    const endpoints = { traces: "https://t.example.com/x" };
    const options = {
      endpoint: "https://own.example.com",
      endpoints,
      headers: { "Api-Key": "own" },
    };
    expect(urls(options, env)).toEqual([
      "https://own.example.com/v1/metrics",
      "https://t.example.com/x",
      "https://own.example.com/v1/logs",
    ]);
    expect(settingsOf(options, env).doors[0]?.headers).toEqual({ "api-key": "own" });
    expect(urls({}, { OTEL_EXPORTER_OTLP_ENDPOINT: " " })[0]).toMatch("localhost:4318");
    expect(urls({}, { OTEL_EXPORTER_OTLP_ENDPOINT: "nonsense" })[0]).toMatch("localhost:4318");
  });
});

describe("variables that say nothing that makes sense", () => {
  const wrong = (env: Environment, options: OtlpOptions = {}): string[] => {
    const names: string[] = [];
    settingsOf(options, env, (name) => names.push(name));
    return names;
  };

  it("are named", () => {
    expect(wrong({ OTEL_EXPORTER_OTLP_PROTOCOL: "http" }, { signals: ["logs"] })).toEqual([
      "OTEL_EXPORTER_OTLP_PROTOCOL",
    ]);
    const env = {
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "http/proto",
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "collector:4318",
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "http://metrics.example",
    };
    expect(wrong(env)).toEqual([
      ...["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"],
    ]);
  });

  it("do not matter where options say the same, or another variable is nearer", () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: "nonsense",
      OTEL_EXPORTER_OTLP_PROTOCOL: "nonsense",
    };
    expect(wrong(env, { endpoint: "http://a.example", protocol: "http/json" })).toEqual([]);
    const nearer = {
      ...env,
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "http://a.example",
      OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: "grpc",
    };
    expect(wrong(nearer, { signals: ["logs"] })).toEqual([]);
  });

  it("are none by gRPC when they are host and port", () => {
    const env = {
      OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
      OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4317",
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "[::1]:5000",
      OTEL_EXPORTER_OTLP_LOGS_INSECURE: "TRUE",
    };
    expect(urls({}, env)).toEqual([
      ...["https://collector:4317/", "https://collector:4317/", "http://[::1]:5000/"],
    ]);
    const insecure = { ...env, OTEL_EXPORTER_OTLP_INSECURE: "true" };
    expect(urls({ signals: ["metrics"] }, insecure)).toEqual(["http://collector:4317/"]);
    expect(wrong(env)).toEqual([]);
    expect(wrong({ ...env, OTEL_EXPORTER_OTLP_ENDPOINT: "a:99999" })).toEqual([
      ...Array(2).fill("OTEL_EXPORTER_OTLP_ENDPOINT"),
    ]);
  });
});

describe("options", () => {
  it.each([
    {},
    { endpoint: "https://a.example/x", signals: ["metrics"], protocol: "grpc" },
    { headers: { a: "1" }, compression: "gzip", temporality: "delta", histograms: "explicit" },
    { endpoints: { logs: "http://b.example" } },
  ])("that are right: %j", async (options) => {
    expect(await schema["~standard"].validate(options)).toEqual({ value: options });
  });

  it.each([
    ["endpoint", "a secret"],
    ["endpoint", "ftp://a secret"],
    ["endpoints", { metrics: "a secret" }],
    ["endpoints", { other: "http://a.example" }],
    ["signals", []],
    ["signals", ["a secret"]],
    ["protocol", "a secret"],
    ["headers", "a secret"],
    ["headers", { a: 1 }],
    ["headers", { "a b": "a secret" }],
    ["headers", { a: "a secret\nx: y" }],
    ["headers", { a: "a secret ü" }],
    ["compression", "a secret"],
    ["temporality", "a secret"],
    ["histograms", "a secret"],
    ["other", "a secret"],
  ])("that are wrong: %s", async (name, value) => {
    const { issues } = await schema["~standard"].validate({ [name]: value });
    expect(issues).toMatchObject([{ path: [name] }]);
    expect(inspect(issues, { depth: 9 })).not.toContain("a secret");
  });

  it("are those of the plugin", async () => {
    const use = otlp({ every: "30s", signals: ["logs"] });
    const said: string[] = [];
    const log = { warn: (message: string) => void said.push(message) } as Logger;
    const { options } = use.definition as { options?: typeof schema };
    const both = await options?.["~standard"].validate({ every: "30s", signals: ["logs"] });
    expect(both).toEqual({ value: { every: "30s", signals: ["logs"] } });
    const reporter = await otlp.definition.open({ signals: ["logs"] }, { log } as ReporterContext);
    expect(reporter.wants.signals).toEqual(["errors", "events"]);
    expect(said).toEqual([]);
    vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", "a-secret-place");
    onTestFinished(() => void vi.unstubAllEnvs());
    await otlp.definition.open({}, { log } as ReporterContext);
    // Once, though it is of three signals.
    expect(said).toEqual([
      "OTEL_EXPORTER_OTLP_ENDPOINT is not used: it should be a URL with http or https",
    ]);
  });
});
