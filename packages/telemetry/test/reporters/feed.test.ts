import type { Client, HistogramPoint, Point } from "@elpis/api";
import { startTestHub, waitFor } from "@elpis/testing";
import { expect, it, onTestFinished } from "vitest";
import { createStore, feedReporters, type ReportedTopics } from "../../src/index.ts";
import { Backend, world } from "./support.ts";

const EXEMPLAR = { value: 3, time: 1_000_000, tags: { trace_id: "a".repeat(32) } };

function pointNamed(name: string, exemplars: unknown): Point {
  const store = createStore();
  store.histogram(name).record(3);
  const [point] = store.readPoints({ names: [name] });
  return { ...(point as HistogramPoint), exemplars } as Point;
}

it("hands on points of others with their exemplars, but none that has something else there", async () => {
  const kit = await startTestHub();
  onTestFinished(() => kit.close());
  const agent = await kit.join({ role: "agent", name: "agent" });
  const web = (await kit.join({ name: "web" })) as unknown as Client<ReportedTopics>;
  const { host, add, intervals } = world();
  const backend = new Backend();
  add(backend);
  await intervals(1);
  onTestFinished(feedReporters(agent, host));
  await kit.settled();
  const points = [
    pointNamed("text", "x"),
    pointNamed("nothing", [null]),
    pointNamed("no tags", [{ value: 3, time: 1 }]),
    pointNamed("no value", [{ ...EXEMPLAR, value: "3" }]),
    pointNamed("no time", [{ ...EXEMPLAR, time: 1e300 }]),
    pointNamed("some", [EXEMPLAR]),
    pointNamed("none", undefined),
  ];
  await web.emit("elpis.telemetry.points", { points });
  await waitFor(
    async () => {
      await intervals(1);
      return backend.names.length > 0;
    },
    { what: "the points" },
  );
  expect(backend.names).toEqual(["some", "none"]);
  expect(backend.taken[0]?.points[0]).toMatchObject({ exemplars: [EXEMPLAR] });
});
