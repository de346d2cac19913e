import { formatIssue } from "@elpis/api";
import { describe, expect, it } from "vitest";
import { type NewRelicOptions, newRelic } from "../../src/index.ts";
import { placesOf } from "../../src/ingest/options.ts";

const KEY = "0123456789abcdef0123456789abcdef0123NRAL";

async function issues(options: unknown): Promise<string[]> {
  const result = await newRelic.definition.options?.["~standard"].validate(options);
  return (result?.issues ?? []).map((issue) => formatIssue(issue));
}

describe("the options of newRelic", () => {
  it("are taken as they should be", async () => {
    expect(await issues({ apiKey: KEY })).toEqual([]);
    const all: NewRelicOptions = {
      apiKey: KEY,
      region: "EU",
      accountId: 77,
      metricUrl: "http://127.0.0.1:1",
      traceUrl: "https://relay.example/nr",
      eventUrl: "https://relay.example",
      percentiles: ["p50", "p999"],
    };
    expect(await issues(all)).toEqual([]);
  });

  it.each<[unknown, string]>([
    [{}, "options.apiKey: expected a license key"],
    [{ apiKey: "" }, "options.apiKey: expected a license key"],
    [{ apiKey: KEY, region: "CN" }, "options.region: expected US or EU"],
    [{ apiKey: KEY, region: "toString" }, "options.region: expected US or EU"],
    [{ apiKey: KEY, accountId: 0 }, "options.accountId: expected a whole number from 1"],
    [{ apiKey: KEY, accountId: "77" }, 'options.accountId: expected an integer, got "77"'],
    [{ apiKey: KEY, metricUrl: "ftp://x" }, "options.metricUrl: expected a URL with http or https"],
    [{ apiKey: KEY, traceUrl: "nowhere" }, "options.traceUrl: expected a url"],
    [{ apiKey: KEY, percentiles: ["p42"] }, "options.percentiles: expected a list of p50"],
    [{ apiKey: KEY, licence: 1 }, "options.licence: unknown key"],
    [7, "options: expected an object, got 7"],
  ])("are refused: %j", async (options, expected) => {
    expect((await issues(options)).join("\n")).toContain(expected);
  });

  it.each([
    { apiKey: "sec ret" },
    { apiKey: "sec\nret" },
    { apiKey: ["sec", "ret", "sec ret"] },
    { apiKey: KEY, metricUrl: "https://me:sec%20ret@host" },
    { apiKey: KEY, metricUrl: "not a url@sec ret" },
  ])("never show a secret: %j", async (options) => {
    const said = (await issues(options)).join("\n");
    expect(said).not.toBe("");
    expect(said).not.toMatch(/sec|ret/);
  });

  it("say where things go", () => {
    expect(placesOf({ apiKey: KEY })).toEqual({
      metric: "https://metric-api.newrelic.com/metric/v1",
      trace: "https://trace-api.newrelic.com/trace/v1",
      event: "https://insights-collector.newrelic.com/v1/accounts/events",
    });
    expect(placesOf({ apiKey: KEY, region: "EU", accountId: 77 })).toEqual({
      metric: "https://metric-api.eu.newrelic.com/metric/v1",
      trace: "https://trace-api.eu.newrelic.com/trace/v1",
      event: "https://insights-collector.eu01.nr-data.net/v1/accounts/77/events",
    });
    expect(placesOf({ apiKey: KEY, metricUrl: "https://relay.example/nr/" }).metric).toBe(
      "https://relay.example/nr/metric/v1",
    );
  });
});
