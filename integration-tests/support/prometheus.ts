import type { TestContext } from "vitest";
import { askJson } from "./http.ts";
import { privateServer } from "./servers.ts";
import { until } from "./wait.ts";

/** One series that a query found, and its value. */
interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A value that it has with the labels of something else, such as a trace, and when that was in seconds since 1970. */
interface StoredExemplar {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly timestamp: number;
}

/** A Prometheus that scrapes. */
export interface Prometheus {
  /** What a query gives at a time, in milliseconds since 1970. @default now */
  query(query: string, time?: number): Promise<readonly Sample[]>;
  /** The one value that a query gives. Rejects when there is none, or more. */
  value(query: string, time?: number): Promise<number>;
  /** Waits until it has so many samples of a series, all scraped since a time in milliseconds since 1970. */
  has(series: string, since: number, samples: number): Promise<true>;
  /** All exemplars of a series since a time in milliseconds since 1970. */
  exemplars(series: string, since: number): Promise<readonly StoredExemplar[]>;
  /** How it gets on with each of its jobs. */
  targets(): Promise<readonly Target[]>;
}

/** What it says of what it scrapes. */
interface Target {
  readonly health: string;
  readonly lastError: string;
  readonly scrapeUrl: string;
}

interface ApiAnswer<Data> {
  readonly status: string;
  readonly data: Data;
  readonly error?: string;
}
interface Exemplars {
  readonly exemplars: ReadonlyArray<Omit<StoredExemplar, "value"> & { readonly value: string }>;
}
interface Vector {
  readonly result: ReadonlyArray<{
    readonly metric: Readonly<Record<string, string>>;
    readonly value: readonly [number, string];
  }>;
}

/**
 * Starts a Prometheus that scrapes `/metrics` of a port each second. Skips the test where there is none.
 *
 * @param jobs by name, each with the `scope` that it asks for
 */
export async function startPrometheus(
  port: number,
  jobs: Readonly<Record<string, string>>,
  context: TestContext,
): Promise<Prometheus> {
  const scrapes = Object.entries(jobs).map(
    ([name, scope]) => `
  - job_name: ${name}
    params: { scope: [${scope}] }
    static_configs: [{ targets: ["127.0.0.1:${port}"] }]`,
  );
  const server = await privateServer("prometheus", context, {
    "prometheus.yml": `global: { scrape_interval: 1s, scrape_timeout: 900ms }
scrape_configs:${scrapes.join("")}
`,
  });
  await server.start();
  const api = async <Data>(what: string): Promise<Data> => {
    const { body } = await askJson<ApiAnswer<Data>>(
      `http://127.0.0.1:${server.port}/api/v1/${what}`,
    );
    if (body.status !== "success") throw new Error(`${what}: ${body.error}`);
    return body.data;
  };
  const query = async (text: string, time = Date.now()): Promise<readonly Sample[]> => {
    const { result } = await api<Vector>(
      `query?query=${encodeURIComponent(text)}&time=${time / 1000}`,
    );
    return result.map(({ metric: labels, value }) => ({ labels, value: Number(value[1]) }));
  };
  return {
    query,
    async value(text, time) {
      const found = await query(text, time);
      const [only] = found;
      if (only === undefined || found.length > 1) {
        throw new Error(`${text} gives ${JSON.stringify(found)}`);
      }
      return only.value;
    },
    has: (series, since, samples) =>
      until(
        `${samples} samples of ${series}`,
        async () => {
          const span = Math.ceil(Date.now() - since);
          if (span < samples * 1000) return false;
          const [counted] = await query(`count_over_time(${series}[${span}ms])`);
          return (counted?.value ?? 0) >= samples;
        },
        60_000,
      ),
    exemplars: async (series, since) => {
      const span = `start=${since / 1000}&end=${Date.now() / 1000}`;
      const found = await api<readonly Exemplars[]>(
        `query_exemplars?query=${encodeURIComponent(series)}&${span}`,
      );
      return found.flatMap(({ exemplars }) =>
        exemplars.map((one) => ({ ...one, value: Number(one.value) })),
      );
    },
    targets: async () =>
      (await api<{ readonly activeTargets: readonly Target[] }>("targets")).activeTargets,
  };
}
