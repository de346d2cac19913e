import { checkAnswer, defineReporter, object, type Point } from "@elpis/api";

/** What whoever picks the reporter has to say. */
export interface Options {
  /** Where the backend takes metrics. */
  readonly url: string;
  readonly apiKey: string;
}

/** Hands metrics to the backend. */
export const __IDENTIFIER__Reporter = defineReporter<Options>({
  name: "__ID__",
  options: object<Options>({ url: "url", apiKey: "string" }),
  open: ({ url, apiKey }) => ({
    wants: { signals: ["metrics"], maxItems: 500 },
    report: async ({ points }, { signal }) => {
      const headers = { "content-type": "application/json", "api-key": apiKey };
      const body = JSON.stringify(points.map(translate));
      await checkAnswer(await fetch(url, { method: "POST", headers, body, signal }));
    },
  }),
});

function translate(point: Point) {
  const { name, unit, time, tags, source } = point;
  return {
    ...{ name, unit, time, value: numbersOf(point) },
    // All that tells two series apart.
    tags: { ...tags, app: source.app, process: source.name, index: source.index },
  };
}

function numbersOf(point: Point) {
  if (point.kind !== "histogram") return point.value;
  const { count, sum, min, max, p50, p99 } = point;
  return { count, sum, min, max, p50, p99 };
}
