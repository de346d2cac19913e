import { getHeapSpaceStatistics, getHeapStatistics } from "node:v8";
import { HEAP } from "../../catalog/node.ts";
import type { Collector, Sample } from "../collector.ts";

/** V8's heap and its spaces. */
export class V8 implements Collector {
  read(): readonly Sample[] {
    const samples: Sample[] = [];
    for (const { space_name: space, ...sizes } of getHeapSpaceStatistics()) {
      for (const [key, value] of Object.entries(sizes)) {
        samples.push([`node.v8.${space}.${key}`, Number(value)]);
      }
    }
    for (const [key, value] of Object.entries(getHeapStatistics())) {
      if (Object.hasOwn(HEAP, key)) samples.push([`node.v8.${key}`, Number(value)]);
    }
    return samples;
  }
}
