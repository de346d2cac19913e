import { describe, expect, it } from "vitest";
import { toPrometheus, toPrometheusSeries } from "../src/index.ts";
import { POINTS } from "./support/samples.ts";

describe("series of Prometheus", () => {
  it("are those of the text", () => {
    const lines = toPrometheusSeries(POINTS, { prefix: "acme." }).flatMap(
      ({ name, type, help, samples }) => [
        `# HELP ${name} ${help}`,
        `# TYPE ${name} ${type}`,
        ...samples.map(({ name, labels, value }) => {
          const text = [...labels].map(([label, one]) => `${label}="${one}"`).join(",");
          return `${name}{${text}} ${value}`;
        }),
      ],
    );
    expect(`${lines.join("\n")}\n`).toBe(toPrometheus(POINTS, { prefix: "acme." }));
    expect(lines).toContain('acme_orders_total{app="shop",process="api",index="1"} 2');
    expect(lines).toContain('acme_times_seconds_bucket{app="shop",process="web",le="0.1"} 2');
  });

  it("have the unit, and the time of the point", () => {
    const [times] = toPrometheusSeries(POINTS.slice(-1));
    expect(times).toMatchObject({ name: "times_seconds", unit: "seconds" });
    expect(times?.samples[0]?.time).toBe(POINTS[0]?.time);
  });

  it("are none for deltas", () => {
    const points = POINTS.map((point) => ({ ...point, temporality: "delta" }) as never);
    expect(toPrometheusSeries(points.slice(0, 1))).toEqual([]);
  });
});
