import { describe, expect, it } from "vitest";
import type { AppDefinition, GroupDefinition, ProcessDefinition } from "../src/config/types.ts";
import { sharersOf } from "../src/family/fate.ts";
import { judge } from "../src/operations/canary.ts";
import { changedKeys, masterChanges, planSteps } from "../src/operations/plan.ts";
import { OperationQueue } from "../src/operations/queue.ts";
import { targetScale } from "../src/operations/scale.ts";
import { VersionBook } from "../src/operations/versions.ts";
import type { OperationStatus } from "../src/status.ts";
import { failure } from "./support.ts";

function process(name: string, more: Partial<ProcessDefinition> = {}): ProcessDefinition {
  return {
    name,
    role: "worker",
    entry: `/app/${name}.js`,
    scale: 1,
    order: 0,
    dependsOn: [],
    env: {},
    args: [],
    nodeArgs: [],
    cwd: "/app",
    ready: "module",
    readyTimeoutMs: 1,
    stopTimeoutMs: 1,
    restart: false,
    envFiles: [],
    liveness: false,
    uncaught: "exit",
    balance: { kind: "kernel" },
    reload: { batch: 1, overlap: true },
    services: [],
    ...more,
  };
}

function app(...processes: ProcessDefinition[]): AppDefinition {
  const rest = { plugins: [], services: [], groups: [], survive: false, env: {}, hub: {} };
  return { name: "shop", dir: "/app", file: "/app/elpis.config.ts", processes, ...rest };
}

describe("a plan", () => {
  const running = (...all: ProcessDefinition[]) =>
    all.map((definition) => ({ definition, scale: definition.scale }));

  it("is empty when what runs is what is wanted", () => {
    expect(planSteps(running(process("web")), app(process("web")))).toEqual([]);
  });

  it("adds in start order, and removes in reverse", () => {
    const steps = planSteps(
      running(process("a"), process("b"), process("c")),
      app(process("c"), process("d"), process("e")),
    );
    expect(steps.map(({ action, process: name }) => `${action} ${name}`)).toEqual([
      "add d",
      "add e",
      "remove b",
      "remove a",
    ]);
  });

  it("names the keys that differ, and never a value", () => {
    const before = process("web", { env: { TOKEN: "old" } });
    const after = process("web", { env: { TOKEN: "new" }, args: ["x"], maxAgeMs: 5 });
    const steps = planSteps(running(before), app(after));
    expect(steps).toEqual([
      { action: "change", process: "web", keys: ["env", "args", "maxAgeMs"] },
    ]);
    expect(JSON.stringify(steps)).not.toContain("new");
  });

  it("takes another number of instances for no change of the process", () => {
    const steps = planSteps(
      running(process("web", { scale: 4 })),
      app(process("web", { scale: 2, order: 7 })),
    );
    expect(steps).toEqual([{ action: "scale", process: "web", from: 4, to: 2 }]);
    expect(changedKeys(process("web"), process("web", { scale: 2, order: 1 }))).toEqual([]);
  });

  it("knows what only a new master brings", () => {
    expect(masterChanges(app(), app())).toEqual([]);
    expect(masterChanges(app(), { ...app(), survive: true, hub: { jobsDir: "/x" } })).toEqual([
      "survive",
      "hub",
    ]);
  });
});

describe("a number of instances", () => {
  it.each([
    ["3", 1, 3],
    [3, 1, 3],
    ["+2", 1, 3],
    ["-1", 3, 2],
    ["0", 3, 0],
  ])("%j with %d there is %d", (wanted, present, target) => {
    expect(targetScale("web", wanted, present)).toBe(target);
  });

  it.each(["", "x", "1.5", "-2", "+1024", "1e3", 1025, -1, Number.NaN])(
    "cannot be %j",
    async (wanted) => {
      const error = await failure(() => targetScale("web", wanted, 1));
      expect(error.code).toBe("ELPIS_PROCESS_SCALE");
    },
  );
});

describe("versions", () => {
  const at = 0;

  it("count drafts, and go back to the last good one only", () => {
    const first = VersionBook.begin(app(), at);
    expect(first.previous).toBeUndefined();
    const settled = first.settle(first.current, at);
    const failed = settled.draft(app());
    expect(failed.release.version).toBe(2);
    expect(failed.book.current.version).toBe(1);
    const third = failed.book.draft(app());
    const inForce = third.book.settle(third.release, at);
    expect(inForce.current.version).toBe(3);
    expect(inForce.previous?.version).toBe(1);
    const back = inForce.settle(settled.current, at).reject(3);
    expect(back.current.version).toBe(1);
    expect(back.previous).toBeUndefined();
    const fourth = back.draft(app());
    const again = fourth.book.settle(fourth.release, at);
    // The third was rejected: it is not what one comes back to.
    expect(again.previous?.version).toBe(1);
  });

  it("are kept up to a number", () => {
    let book = VersionBook.begin(app(), at);
    for (let turn = 0; turn < 30; turn += 1) {
      const { release, book: next } = book.draft(app());
      book = next.settle(release, at);
    }
    expect(book.versions).toHaveLength(10);
    expect(book.current.version).toBe(31);
  });
});

describe("a trial", () => {
  const record = { requests: 0, errors: 0, lost: [], uncaught: 0 };

  it("fails at once for a process that did not last, and for an error that nobody caught", () => {
    expect(judge({ ...record, lost: ["web.0"] }, 0.01, false)).toContain("web.0");
    expect(judge({ ...record, uncaught: 1 }, 1, false)).toContain("nobody caught");
  });

  it("fails for too large a share of errors, early only when there is enough to judge by", () => {
    expect(judge({ ...record, requests: 10, errors: 5 }, 0.01, false)).toBeUndefined();
    expect(judge({ ...record, requests: 10, errors: 5 }, 0.01, true)).toContain("50.0 %");
    expect(judge({ ...record, requests: 200, errors: 3 }, 0.01, false)).toContain("1.5 %");
    expect(judge({ ...record, requests: 200, errors: 2 }, 0.01, true)).toBeUndefined();
    expect(judge(record, 0, true)).toBeUndefined();
  });
});

describe("those who share a fate", () => {
  const group = (strategy: GroupDefinition["strategy"]): GroupDefinition => ({
    name: "g",
    processes: ["a", "b", "c"],
    strategy,
  });

  it("are nobody, those behind, or all others", () => {
    expect(sharersOf(group("one-for-one"), "b")).toEqual([]);
    expect(sharersOf(group("rest-for-one"), "b")).toEqual(["c"]);
    expect(sharersOf(group("one-for-all"), "b")).toEqual(["a", "c"]);
    expect(sharersOf(group("one-for-all"), "x")).toEqual([]);
  });
});

describe("operations", () => {
  const request = (name: "reload" | "scale", queue = false) => ({
    name,
    processes: ["web"],
    by: "me",
    queue,
  });

  function observed(): { queue: OperationQueue; seen: string[] } {
    const seen: string[] = [];
    const tell = (what: string, { name }: OperationStatus): void =>
      void seen.push(`${what} ${name}`);
    const queue = new OperationQueue({
      onBegin: (operation) => tell("begin", operation),
      onEnd: (operation, error) => tell(error === undefined ? "end" : "fail", operation),
    });
    return { queue, seen };
  }

  it("are refused while one is under way, from the moment it was asked for", async () => {
    const { queue } = observed();
    let finish = (): void => {};
    const first = queue.run(
      request("reload"),
      () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    );
    const error = await failure(() => queue.run(request("scale"), async () => {}));
    expect(error).toMatchObject({ code: "ELPIS_PROCESS_BUSY", retryable: true });
    expect(error.message).toContain("reload of web");
    finish();
    await first;
    expect(queue.current).toBeUndefined();
    await queue.run(request("scale"), async () => {});
  });

  it("wait for those before when they are told to, one that fails included", async () => {
    const { queue, seen } = observed();
    const first = queue.run(request("reload"), async () => {
      throw new Error("no");
    });
    const second = queue.run(request("scale", true), async () => "done");
    const third = queue.run(request("reload", true), async () => "too");
    await expect(first).rejects.toThrow("no");
    expect(await Promise.all([second, third])).toEqual(["done", "too"]);
    expect(seen).toEqual([
      "begin reload",
      "fail reload",
      "begin scale",
      "end scale",
      "begin reload",
      "end reload",
    ]);
  });

  it("never overlap, however they come", async () => {
    const { queue } = observed();
    let [running, most] = [0, 0];
    const work = async (): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    };
    const asked = Array.from({ length: 50 }, (_, at) =>
      queue.run(request("scale", at % 3 !== 0), work).catch(() => "refused"),
    );
    await Promise.all(asked);
    expect(most).toBe(1);
  });
});
