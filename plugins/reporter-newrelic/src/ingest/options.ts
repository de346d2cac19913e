import { object, type SchemaIssue, type StandardSchema } from "@elpis/api";

/** Where an account of New Relic is kept. */
export type NewRelicRegion = "US" | "EU";

/** Percentiles that a point has. */
export type Percentile = "p50" | "p75" | "p90" | "p95" | "p99" | "p999";

/** What the ingest APIs of New Relic are told. */
export interface NewRelicOptions {
  /** The license key (`…NRAL`). It is never shown. */
  readonly apiKey: string;
  /** @default "US" */
  readonly region?: NewRelicRegion;
  /** Of the account that gets events; without it the account of the key. */
  readonly accountId?: number;
  /** Instead of the Metric API of the region, such as a relay of yours; the path of the API is added. */
  readonly metricUrl?: string;
  /** Instead of the Trace API of the region. */
  readonly traceUrl?: string;
  /** Instead of the Event API of the region. */
  readonly eventUrl?: string;
  /** Of histograms, each sent as a gauge. @default ["p50", "p95", "p99"] */
  readonly percentiles?: readonly Percentile[];
}

const HOSTS = {
  US: {
    metric: "https://metric-api.newrelic.com",
    trace: "https://trace-api.newrelic.com",
    event: "https://insights-collector.newrelic.com",
  },
  EU: {
    metric: "https://metric-api.eu.newrelic.com",
    trace: "https://trace-api.eu.newrelic.com",
    event: "https://insights-collector.eu01.nr-data.net",
  },
} as const;

const PERCENTILES: readonly unknown[] = ["p50", "p75", "p90", "p95", "p99", "p999"];

const flat = object<NewRelicOptions>({
  apiKey: "string",
  region: "string?",
  accountId: "integer?",
  metricUrl: "url?",
  traceUrl: "url?",
  eventUrl: "url?",
  percentiles: "array?",
});

/** Checks the options; nothing that it says shows the key. */
export const ingestSchema: StandardSchema<NewRelicOptions> = {
  "~standard": {
    version: 1,
    vendor: "elpis",
    validate: async (value) => {
      if (typeof value !== "object" || value === null) return flat["~standard"].validate(value);
      const options = value as NewRelicOptions;
      const shown = { ...options, apiKey: "", ...hiddenUrls(options) };
      const result = await flat["~standard"].validate(shown);
      const issues = [...(result.issues ?? []), ...ownIssues(options)];
      return issues.length > 0 ? { issues } : { value: options };
    },
  },
};

/** URLs with a password in them are refused without being shown. */
function hiddenUrls(options: NewRelicOptions): Partial<NewRelicOptions> {
  const urls = (["metricUrl", "traceUrl", "eventUrl"] as const).filter(
    (key) => typeof options[key] === "string" && options[key]?.includes("@"),
  );
  return Object.fromEntries(urls.map((key) => [key, undefined]));
}

function* ownIssues(options: NewRelicOptions): Generator<SchemaIssue> {
  // Anything else cannot stand in a header, and would be told by the error of whoever tries.
  if (typeof options.apiKey !== "string" || !/^[\x21-\x7e]+$/.test(options.apiKey)) {
    yield {
      path: ["apiKey"],
      message: "expected a license key: letters, digits and signs without spaces",
    };
  }
  if (options.region !== undefined && !Object.hasOwn(HOSTS, options.region)) {
    yield { path: ["region"], message: "expected US or EU" };
  }
  if (options.accountId !== undefined && !(options.accountId > 0)) {
    yield { path: ["accountId"], message: "expected a whole number from 1" };
  }
  for (const key of ["metricUrl", "traceUrl", "eventUrl"] as const) {
    const url = options[key];
    if (typeof url === "string" && !isPlainUrl(url)) {
      yield { path: [key], message: "expected a URL with http or https, and no user in it" };
    }
  }
  const { percentiles } = options;
  if (Array.isArray(percentiles) && !percentiles.every((one) => PERCENTILES.includes(one))) {
    yield { path: ["percentiles"], message: `expected a list of ${PERCENTILES.join(", ")}` };
  }
}

function isPlainUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && username === "" && password === "";
}

/** The three places that are written to. */
export interface Places {
  readonly metric: string;
  readonly trace: string;
  readonly event: string;
}

/** Where the options say that everything goes. */
export function placesOf(options: NewRelicOptions): Places {
  const hosts = HOSTS[options.region ?? "US"];
  const { accountId } = options;
  const account = accountId === undefined ? "" : `/${accountId}`;
  return {
    metric: under(options.metricUrl ?? hosts.metric, "/metric/v1"),
    trace: under(options.traceUrl ?? hosts.trace, "/trace/v1"),
    event: under(options.eventUrl ?? hosts.event, `/v1/accounts${account}/events`),
  };
}

function under(base: string, path: string): string {
  return base.replace(/\/+$/, "") + path;
}
