import { describe, expect, it } from "vitest";
import { encode } from "../src/proto/encode.ts";
import { decodeRequest } from "./support/protos.ts";

const logs = (...attributes: object[]): { resourceLogs: object[] } => ({
  resourceLogs: [{ scopeLogs: [{ logRecords: [{ attributes }] }] }],
});

describe("what is encoded", () => {
  it("is whole, wherever the room for it ends", () => {
    // What follows the long one ends before, at and behind what there is room for at first.
    for (let size = 65_536 - 80; size < 65_536; size++) {
      const long = { key: "a", value: { stringValue: "x".repeat(size) } };
      const small = { key: "b", value: { boolValue: true } };
      const bytes = encode("LogsRequest", logs(long, small, small));
      expect(decodeRequest("/v1/logs", bytes)).toEqual(logs(long, small, small));
      const point = { attributes: [long], explicitBounds: [1.5], bucketCounts: ["1", "2"] };
      const histogram = { dataPoints: [point] };
      const request = { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ histogram }] }] }] };
      expect(decodeRequest("/v1/metrics", encode("MetricsRequest", request))).toEqual(request);
    }
  });

  it("has lengths of any size", () => {
    for (const size of [0, 1, 100, 127, 128, 16_383, 16_384, 70_000, 3_000_000]) {
      const one = { key: "ä", value: { stringValue: "x".repeat(size) } };
      const bytes = encode("LogsRequest", logs(one));
      expect(decodeRequest("/v1/logs", bytes)).toEqual(logs(one));
    }
  });
});
