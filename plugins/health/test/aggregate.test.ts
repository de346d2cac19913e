import type { Location } from "@elpis/api";
import type { Gathered } from "@elpis/telemetry";
import { expect, it } from "vitest";
import { aggregate, type KnownProcess } from "../src/aggregate.ts";
import type { HealthProbe, HealthValue } from "../src/types.ts";

const at = (name: string, index = 0): Location => ({
  ...{ id: index + 7, app: "shop", role: "worker", name, index, pid: 1, epoch: 1 },
});
const ready = (name: string, index = 0, more = {}): KnownProcess => ({
  ...{ name, role: "worker", index, state: "ready" },
  ...more,
});

function report(
  values: Readonly<Record<string, unknown>>,
  more: Partial<Gathered> & { processes?: KnownProcess[] | undefined; probe?: HealthProbe } = {},
) {
  const { processes = [ready("web")], probe, ...rest } = more;
  const answers = Object.entries(values).map(([name, value]) => {
    return { from: at("web"), group: "health", name, scope: "process" as const, value };
  });
  const gathered = { answers, failures: [], absent: [], partial: false, ...rest };
  return aggregate({
    gathered,
    processes: "processes" in more ? more.processes : processes,
    probe,
  });
}

const up: HealthValue = { status: "up" };

it("is up when everything says so", () => {
  expect(report({ db: up })).toMatchObject({ status: "up", reasons: [], warnings: [] });
});

it("is not up when nobody answers, whatever the master says", () => {
  expect(report({})).toMatchObject({ status: "down", reasons: ["no process says how it is"] });
});

it("is not up when the master does not answer", () => {
  expect(report({ db: up }, { processes: undefined }).reasons).toEqual([
    "the master does not answer",
  ]);
});

it("is not up when somebody who was asked is silent", () => {
  const absent = [{ from: at("web", 1), error: { name: "E", message: "no answer in time" } }];
  expect(report({ db: up }, { absent })).toMatchObject({
    status: "down",
    reasons: ["web.1 does not answer: no answer in time"],
    absent: ["web.1"],
  });
});

it.each([
  ["down", { status: "down", message: "refused" }, "db of web.0 is down: refused"],
  ["not looked at yet", { status: "unknown" }, "db of web.0 is unknown"],
  ["no value at all", undefined, "db of web.0 is down: it does not say how it is"],
  ["another word", { status: "UP" }, "db of web.0 is down: it does not say how it is"],
  ["an empty object", {}, "db of web.0 is down: it does not say how it is"],
])("is not up when one is %s", (_, value, reason) => {
  expect(report({ ok: up, db: value })).toMatchObject({ status: "down", reasons: [reason] });
});

it("only warns of what is not critical", () => {
  const found = report({ ok: up, mail: { status: "down", critical: false, message: "slow" } });
  expect(found).toMatchObject({ status: "up", warnings: ["mail of web.0 is down: slow"] });
});

it("counts an indicator that threw for every probe", () => {
  const failures = [
    {
      ...{ from: at("web"), group: "health", name: "db", scope: "process" as const },
      error: { name: "E", message: "trap" },
    },
  ];
  for (const probe of ["liveness", "readiness", "startup"] as const) {
    expect(report({ ok: { ...up, probes: [probe] } }, { failures, probe }).status).toBe("down");
  }
});

it("keeps the probes apart", () => {
  const values = {
    deadlock: { status: "down", probes: ["liveness"] },
    db: { status: "down", probes: ["readiness"] },
    cache: { status: "down", probes: ["startup"], started: true },
  };
  const reasons = (probe: HealthProbe) => report(values, { probe }).reasons;
  expect(reasons("liveness")).toEqual(["deadlock of web.0 is down"]);
  expect(reasons("readiness")).toEqual(["db of web.0 is down"]);
  // It has been up: that is all that startup asks.
  expect(reasons("startup")).toEqual([]);
  const never = { status: "down", probes: ["startup"], started: false };
  expect(report({ cache: never }, { probe: "startup" }).status).toBe("down");
});

it("wants one of each process for readiness, all of them for everything, and no failed one for liveness", () => {
  const processes = [ready("web"), ready("web", 1, { state: "starting" })];
  const probe = (one?: HealthProbe) =>
    report(
      { ok: { ...up, probes: ["liveness", "readiness"] } },
      {
        processes,
        ...(one !== undefined && { probe: one }),
      },
    ).status;
  expect([probe(), probe("readiness"), probe("liveness")]).toEqual(["down", "up", "up"]);
  processes[0] = ready("web", 0, { silent: true });
  expect(probe("readiness")).toBe("down");
  processes[1] = ready("web", 1, { state: "failed" });
  expect(probe("liveness")).toBe("down");
});
