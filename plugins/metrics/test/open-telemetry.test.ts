import { createStore } from "@elpis/telemetry";
import { metrics } from "@opentelemetry/api";
import { expect, it } from "vitest";
import { registerOpenTelemetry } from "../src/process/open-telemetry.ts";

const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };

it("measures what is instrumented with OpenTelemetry into the store, unless somebody else does", async () => {
  const [store, other] = [createStore(), createStore()];
  const off = await registerOpenTelemetry(store, log);
  // The second one in a process finds the place taken, and leaves it as it is.
  (await registerOpenTelemetry(other, log))();
  const counter = metrics.getMeter("shop").createCounter("orders");
  counter.add(2, { kind: "tea" });
  counter.add(3, { kind: "tea" });
  expect(store.readPoints({ names: ["orders"] })).toMatchObject([
    { group: "shop", tags: { kind: "tea" }, value: 5 },
  ]);
  expect(other.readPoints({ names: ["orders"] })).toEqual([]);
  off();
  metrics.getMeter("shop").createCounter("late").add(1);
  expect(store.readPoints({ names: ["late"] })).toEqual([]);
});
