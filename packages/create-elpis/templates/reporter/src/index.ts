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
  const { name, unit, time } = point;
  return { name, unit, time, tags: tagsOf(point), value: numbersOf(point) };
}

/** All that tells two series apart: tags, and whose it is. */
function tagsOf({ tags, source }: Point) {
  const own = { app: source.app, process: source.name, index: source.index };
  const rest = Object.entries(tags).map(([key, one]) => [key in own ? `tag_${key}` : key, one]);
  return { ...Object.fromEntries(rest), ...own };
}

function numbersOf(point: Point) {
  if (point.kind !== "histogram") return point.value;
  const { count, sum, min, max, p50, p99 } = point;
  return { count, sum, min, max, p50, p99 };
}
