import type { HubFigures, PeerFigures, SupervisedProcess } from "@elpis/api";
import { describe, expect, it } from "vitest";
import { Grown } from "../../src/collectors/master/grown.ts";
import { HubTraffic } from "../../src/collectors/master/hub.ts";
import { Supervised } from "../../src/collectors/master/supervised.ts";

function peer(
  id: number,
  name: string,
  frames: number,
  more: Partial<PeerFigures> = {},
): PeerFigures {
  const event = { framesIn: frames, bytesIn: 10 * frames, framesOut: 0, bytesOut: 0, dropped: 0 };
  const location = {
    id,
    app: "a",
    role: "worker",
    name,
    index: 0,
    pid: 1,
    epoch: 1,
    ready: true,
  } as const;
  return { ...location, classes: { event }, queuedBytes: 1, openCalls: 2, askedCalls: 3, ...more };
}

function figures(peers: readonly PeerFigures[]): HubFigures {
  const latency = { count: 5, p50: 1, p90: 2, p99: 3, max: 4 };
  const counts = { late: 0, stray: 0, expired: 1, overloaded: 0, dropped: 0, unheard: 0, kept: 0 };
  return { peers, openCalls: 0, latency, closes: { ELPIS_HUB_CLOSED: 2 }, ...counts };
}

describe("the hub", () => {
  it("goes on counting when a process is replaced, and one that is leaving counts with its successor", () => {
    let peers: PeerFigures[] = [peer(1, "web", 10)];
    const hub = new HubTraffic(() => figures(peers));
    const framesIn = (): number | undefined =>
      hub
        .read()
        .find(([name, , tags]) => name === "elpis.hub.frames.in" && tags?.peer === "web.0")?.[1];
    expect(framesIn()).toBe(10);
    peers = [peer(1, "web", 15), peer(2, "web", 3)];
    expect(framesIn()).toBe(18);
    peers = [peer(2, "web", 4)];
    expect(framesIn()).toBe(19);
    peers = [];
    expect(framesIn()).toBe(19);
  });

  it("takes all peers of one name from outside for one", () => {
    const outside = { role: "peer", index: 7 } as const;
    const hub = new HubTraffic(() =>
      figures([peer(1, "cli", 1, outside), peer(2, "cli", 2, { ...outside, index: 8 })]),
    );
    const samples = hub.read();
    expect(samples).toContainEqual(["elpis.hub.frames.in", 3, { peer: "cli", class: "event" }]);
    expect(samples).toContainEqual(["elpis.hub.peers", 2, { role: "peer", ready: "true" }]);
    expect(samples).toContainEqual(["elpis.hub.queued", 2, { peer: "cli" }]);
    expect(samples).toContainEqual(["elpis.hub.closes", 2, { code: "ELPIS_HUB_CLOSED" }]);
  });
});

it("sums never fall, whoever is gone", () => {
  const grown = new Grown();
  const values: number[] = [];
  for (const owners of [{ a: 5, b: 1 }, { a: 7 }, { b: 2 }, {}, { a: 1 }]) {
    grown.begin();
    for (const [owner, value] of Object.entries(owners)) grown.add("n", {}, owner, value);
    values.push(grown.samples()[0]?.[1] ?? 0);
  }
  expect(values).toEqual([6, 8, 10, 10, 11]);
});

it("tells restarts by cause, and instances by state", () => {
  const one = (
    index: number,
    state: string,
    causes: Record<string, number>,
  ): SupervisedProcess => ({
    ...{ name: "web", role: "worker", index, state, restarts: 0, causes },
  });
  const supervised = new Supervised(() => [
    one(0, "ready", { signal: 2, "exit-code": 1 }),
    one(1, "ready", { signal: 1 }),
    one(2, "backoff", {}),
  ]);
  expect(supervised.read()).toEqual([
    ["elpis.process.restarts", 3, { process: "web", cause: "signal" }],
    ["elpis.process.restarts", 1, { process: "web", cause: "exit-code" }],
    ["elpis.process.instances", 2, { process: "web", state: "ready" }],
    ["elpis.process.instances", 1, { process: "web", state: "backoff" }],
  ]);
});
