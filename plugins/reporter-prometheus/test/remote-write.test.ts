import type { ServerResponse } from "node:http";
import { type Point, Reject } from "@elpis/api";
import { describe, expect, it, onTestFinished } from "vitest";
import { open } from "../src/remote-write/open.ts";
import { Owners } from "../src/remote-write/owners.ts";
import { httpServer } from "./support/http-server.ts";
import { ask, LOGIN, prometheus } from "./support/programs.ts";
import { batchOf, call, POINTS } from "./support/samples.ts";

interface Answer {
  readonly data: {
    readonly result: {
      readonly metric: Record<string, string>;
      readonly values: [number, string][];
    }[];
  };
}

/** All that a server has under a name, with the times in milliseconds. */
async function query(url: string, name: string): Promise<[Record<string, string>, unknown][]> {
  const end = Date.now() / 1000 + 60;
  const asked = `query=${encodeURIComponent(`{__name__="${name}"}[10m]`)}&time=${end}`;
  const { data } = JSON.parse(await ask(`${url}/api/v1/query?${asked}`)) as Answer;
  return data.result.map(({ metric, values }) => [
    metric,
    values.map(([time, value]) => [Math.round(time * 1000), value]),
  ]);
}

/** Points of a time that a server takes. */
function at(time: number, points: readonly Point[] = POINTS): Point[] {
  return points.map((point) => ({ ...point, time, start: time - 60_000 }));
}

describe("remote write", () => {
  it("brings points into Prometheus", async (context) => {
    const url = await prometheus(context);
    const labels = { cluster: "a" };
    const reporter = open({ url: `${url}/api/v1/write`, basicAuth: LOGIN, labels });
    const now = Date.now() - 2000;
    expect(await reporter.report(batchOf({ points: at(now) }), call())).toEqual({ rejected: 0 });
    const target = { job: "shop", instance: "h1", cluster: "a", app: "shop" };
    const orders = await query(url, "orders_total");
    expect(orders).toHaveLength(2);
    expect(orders).toContainEqual([
      {
        ...{ __name__: "orders_total", ...target, process: "web" },
        ...{ exported_process: "mine", paid: "true", status: "200", ratio: "0.5" },
      },
      [[now, "41.5"]],
    ]);
    expect(orders).toContainEqual([
      { __name__: "orders_total", ...target, process: "api", index: "1" },
      [[now, "2"]],
    ]);
    expect(await query(url, "open")).toMatchObject([[{}, [[now, "-3"]]]]);
    expect(await query(url, "load")).toMatchObject([[{}, [[now, "0.25"]]]]);
    const buckets = await query(url, "times_seconds_bucket");
    const byBound = Object.fromEntries(
      buckets.map(([{ le }, values]) => [le, (values as [number, string][])[0]?.[1]]),
    );
    expect(byBound).toEqual({ "0.01": "1", "0.1": "2", "+Inf": "3" });
    expect(await query(url, "times_seconds_sum")).toMatchObject([[{}, [[now, "0.8155"]]]]);
    expect(await query(url, "times_seconds_count")).toMatchObject([[{}, [[now, "3"]]]]);
  });

  it("brings several values of a series in the order of time", async (context) => {
    const url = await prometheus(context);
    const reporter = open({ url: `${url}/api/v1/write`, basicAuth: LOGIN, prefix: "acme." });
    const now = Date.now() - 5000;
    const one = POINTS.slice(2, 3);
    const points = [...at(now + 2, one), ...at(now, one), ...at(now + 1, one), ...at(now + 1, one)];
    const batch = batchOf({ points });
    expect(await reporter.report(batch, call())).toEqual({ rejected: 0 });
    expect(await query(url, "acme_open")).toMatchObject([
      [{}, [0, 1, 2].map((more) => [now + more, "-3"])],
    ]);
    // What is older than what it has it refuses, and says so.
    const older = reporter.report(batchOf({ points: at(now - 1, one) }), call());
    await expect(older).rejects.toThrow(/out of order/);
  });

  it("may be sent again when it is not known whether it was taken", async (context) => {
    const url = await prometheus(context);
    const proxy = await httpServer();
    onTestFinished(() => proxy.close());
    const write = async (): Promise<Response> => {
      const { body, headers } = proxy.got.at(-1) as (typeof proxy.got)[0];
      const { authorization } = headers;
      const sent = { "content-encoding": "snappy", authorization: authorization as string };
      return fetch(`${url}/api/v1/write`, { method: "POST", body, headers: sent });
    };
    const pass = async (response: ServerResponse): Promise<void> => {
      const answer = await write();
      response.writeHead(answer.status).end(await answer.text());
    };
    const reporter = open({ url: proxy.url, basicAuth: LOGIN });
    const now = Date.now() - 5000;
    const one = POINTS.slice(2, 3);
    const batch = batchOf({ points: [...at(now, one), ...at(now + 1, one)] });
    proxy.answers.push(async (response) => {
      await write();
      response.destroy();
    }, pass);
    await expect(reporter.report(batch, call())).rejects.toThrow("fetch failed");
    expect(await reporter.report(batch, call())).toEqual({ rejected: 0 });
    expect(await query(url, "open")).toMatchObject([
      [
        {},
        [
          [now, "-3"],
          [now + 1, "-3"],
        ],
      ],
    ]);
    // Nobody asked for the same once more now.
    proxy.answers.push(pass);
    await expect(reporter.report(batch, call())).rejects.toThrow(/out of order/);
    // A sample that is sent in between changes nothing.
    const next = batchOf({ points: [...at(now + 2, one), ...at(now + 3, one)] });
    proxy.answers.push(
      async (response) => {
        await write();
        response.destroy();
      },
      pass,
      pass,
    );
    await expect(reporter.report(next, call())).rejects.toThrow("fetch failed");
    const sample = at(now, one).map((point) => ({ ...point, name: "sample" }));
    expect(await reporter.report(batchOf({ points: sample }), call())).toEqual({ rejected: 0 });
    expect(await reporter.report(next, call())).toEqual({ rejected: 0 });
  });

  it("has one metric of a name, also over several batches", async (context) => {
    const url = await prometheus(context);
    const reporter = open({ url: `${url}/api/v1/write`, basicAuth: LOGIN });
    const now = Date.now() - 5000;
    const [, , point] = POINTS as [Point, Point, Point];
    const named = (name: string, value: number, time = now): Point =>
      ({ ...point, name, value, time }) as Point;
    const report = async (...points: Point[]): Promise<unknown> =>
      reporter.report(batchOf({ points }), call());
    expect(await report(named("a.b", 1))).toEqual({ rejected: 0 });
    // In a batch of its own, and in a second round of one.
    expect(await report(named("a_b", 2))).toMatchObject({ rejected: 1 });
    expect(await report(named("a-b", 2), named("a-b", 3, now + 1))).toMatchObject({ rejected: 2 });
    const counter = { ...named("c", 2), kind: "counter", temporality: "cumulative" } as Point;
    expect(await report(counter, named("c_total", 3), named("a.b", 4, now + 2))).toMatchObject({
      rejected: 1,
    });
    expect(await query(url, "a_b")).toMatchObject([
      [
        {},
        [
          [now, "1"],
          [now + 2, "4"],
        ],
      ],
    ]);
    expect(await query(url, "c_total")).toMatchObject([[{}, [[now, "2"]]]]);
  });

  it("remembers no more names than it may", () => {
    const [, , point] = POINTS as [Point, Point, Point];
    const owners = new Owners(undefined, 2);
    const owns = (name: string): boolean => owners.owns({ ...point, name });
    expect([owns("a.b"), owns("a_b"), owns("x"), owns("y"), owns("a_b")]).toEqual([
      ...[true, false, true, true, true],
    ]);
  });

  it("takes names and values of every kind", async (context) => {
    const url = await prometheus(context);
    const reporter = open({ url: `${url}/api/v1/write`, basicAuth: LOGIN });
    const now = Date.now() - 2000;
    const tags = { "1st tag": 'ä "x"\n日本\\', job: "mine", instance: "mine", empty: "", le: 5 };
    const [, , point] = POINTS as [Point, Point, Point];
    const strange = { ...point, name: "9 lives.größe", tags } as Point;
    const conflict = { ...POINTS[0], name: "open", kind: "gauge", value: 1 } as Point;
    const points = at(now, [strange, point, conflict]);
    expect(await reporter.report(batchOf({ points }), call())).toMatchObject({ rejected: 0 });
    expect(await query(url, "_9_lives_gr_e")).toMatchObject([
      [
        {
          ...{ _1st_tag: 'ä "x"\n日本\\', exported_job: "mine", exported_instance: "mine" },
          ...{ exported_le: "5", job: "shop" },
        },
        [[now, "-3"]],
      ],
    ]);
  });

  it("is told when the password is wrong", async (context) => {
    const url = await prometheus(context);
    const basicAuth = { ...LOGIN, password: "wrong-password" };
    const reporter = open({ url: `${url}/api/v1/write`, basicAuth });
    const report = reporter.report(batchOf({ points: at(Date.now()) }), call());
    await expect(report).rejects.toBeInstanceOf(Reject);
    await expect(report).rejects.toThrow(/401/);
  });
});
