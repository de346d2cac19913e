import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type App, get, IDLE, isAlive, makeApp, WEB, waitFor } from "./support.ts";

const pidOf = (app: App, name: string): number => app.of(name)[0]?.pid as number;

describe("a process that ends by itself", () => {
  it("is replaced under a higher epoch, with the cause counted", async () => {
    const app = makeApp(
      { "idle.mjs": IDLE },
      { processes: { idle: { entry: "idle.mjs", scale: 2 } } },
    );
    await app.master.start();
    const [killed, other] = app.of("idle");
    process.kill(killed?.pid as number, "SIGKILL");
    await waitFor(
      "the replacement",
      () => app.of("idle")[0]?.epoch === 2 && app.of("idle")[0]?.state === "ready",
    );
    expect(app.of("idle")[0]).toMatchObject({
      epoch: 2,
      restarts: 1,
      lastExit: { code: null, signal: "SIGKILL", cause: "signal" },
    });
    expect(app.of("idle")[0]?.pid).not.toBe(killed?.pid);
    expect(app.of("idle")[1]).toMatchObject({ pid: other?.pid, epoch: 1, restarts: 0 });
    const peers = await app.master.hub.client.peers({ name: "idle", index: 0 });
    expect(peers.map(({ epoch, ready }) => [epoch, ready])).toEqual([[2, true]]);
  });

  it("is replaced also when it ends with code 0, and when it takes SIGTERM as a wish to leave", async () => {
    const app = makeApp(
      { "idle.mjs": IDLE, "once.mjs": "setTimeout(() => process.exit(0), 200);" },
      { processes: { idle: "idle.mjs", once: { entry: "once.mjs", restart: { intensity: 100 } } } },
    );
    await app.master.start();
    process.kill(pidOf(app, "idle"), "SIGTERM");
    await waitFor(
      "both replacements",
      () => app.of("idle")[0]?.epoch === 2 && (app.of("once")[0]?.epoch ?? 0) > 1,
    );
    expect(app.of("idle")[0]?.lastExit).toMatchObject({ code: 0, cause: "exit" });
    expect(app.of("once")[0]?.lastExit).toMatchObject({ code: 0, cause: "exit" });
  });

  it("fails for good when it does so too often, and the master says so", async () => {
    const app = makeApp(
      { "crash.mjs": "setTimeout(() => process.exit(9), 30);", "idle.mjs": IDLE },
      {
        processes: {
          idle: "idle.mjs",
          crash: { entry: "crash.mjs", restart: { intensity: 2, minDelay: 1, period: "1m" } },
        },
      },
    );
    await app.master.start();
    await waitFor("the end of it", () => app.of("crash")[0]?.state === "failed");
    expect(app.of("crash")[0]).toMatchObject({ epoch: 3, restarts: 2, lastExit: { code: 9 } });
    expect(app.of("crash")[0]?.pid).toBeUndefined();
    expect(app.master.status().state).toBe("degraded");
    expect(app.of("idle")[0]?.state).toBe("ready");
  });

  it("leaves nobody behind whom it had started", async () => {
    const parent = `import { spawn } from "node:child_process";
      console.log(spawn("sleep", ["300"], { stdio: "ignore" }).pid); setInterval(() => {}, 1000);`;
    const app = makeApp({ "parent.mjs": parent }, { processes: { parent: "parent.mjs" } });
    await app.master.start();
    const [child] = await waitFor(
      "the child",
      () => app.said("parent").length > 0 && app.said("parent"),
    );
    expect(isAlive(Number(child))).toBe(true);
    process.kill(pidOf(app, "parent"), "SIGKILL");
    await waitFor("the child to end", () => !isAlive(Number(child)));
  });

  it("is not replaced when that is not wanted", async () => {
    const app = makeApp(
      { "idle.mjs": IDLE },
      { processes: { idle: { entry: "idle.mjs", restart: false } } },
    );
    await app.master.start();
    process.kill(pidOf(app, "idle"), "SIGKILL");
    await waitFor("its end", () => app.of("idle")[0]?.state === "failed");
    expect(app.of("idle")[0]).toMatchObject({ epoch: 1, restarts: 0 });
  });

  it("is said to be out of memory when Node said so", async () => {
    const greedy = `setTimeout(() => { const all = []; for (;;) all.push(new Array(1e5).fill(all.length)); }, 100);`;
    const app = makeApp(
      { "greedy.mjs": greedy },
      {
        processes: {
          greedy: { entry: "greedy.mjs", restart: false, nodeArgs: ["--max-old-space-size=20"] },
        },
      },
    );
    await app.master.start();
    await waitFor("its end", () => app.of("greedy")[0]?.state === "failed", 30_000);
    expect(app.of("greedy")[0]?.lastExit?.cause).toBe("out-of-memory");
  }, 40_000);
});

describe("a process that writes junk to the channel of Node", () => {
  it("is killed and replaced; the master and the others go on", async () => {
    const text = `import { writeSync } from "node:fs"; import { hub } from "@elpis/core/process";
      hub.handle("write", (text) => { writeSync(3, text + "\\n"); return new Promise(() => {}); });`;
    const app = makeApp(
      { "junk.mjs": text, "idle.mjs": IDLE },
      { processes: { junk: { entry: "junk.mjs", restart: { minDelay: 1 } }, idle: "idle.mjs" } },
    );
    await app.master.start();
    // The second is Node's own, out of turn.
    const pieces = ["junk", '{"cmd":"NODE_HANDLE_ACK"}'];
    for (const [at, text] of pieces.entries()) {
      const asked = app.master.hub.client.request("write", text, { timeoutMs: 10_000 });
      await expect(asked).rejects.toMatchObject({ code: "ELPIS_HUB_PEER_LOST" });
      await waitFor("the replacement", () => {
        const [junk] = app.of("junk");
        return junk?.state === "ready" && junk.epoch === at + 2;
      });
      expect(app.of("junk")[0]?.lastExit).toMatchObject({ signal: "SIGKILL", cause: "signal" });
    }
    expect(app.of("idle")[0]).toMatchObject({ state: "ready", epoch: 1 });
  });
});

describe("output", () => {
  it("comes line by line with who wrote it, and is bounded", async () => {
    const program = `console.log("out"); console.error("err"); console.log("x".repeat(200_000)); process.stdout.write("no end"); ${IDLE}`;
    const app = makeApp(
      { "talk.mjs": program },
      { processes: { talk: { entry: "talk.mjs", scale: 2 } } },
    );
    await app.master.start();
    await waitFor(
      "all lines",
      () => app.lines.filter((line) => line.text.startsWith("no end")).length === 2,
    );
    const mine = app.lines.filter((line) => line.index === 1);
    const short = mine.map(({ stream, text }) => `${stream} ${text.slice(0, 9)}`);
    expect(short.sort()).toEqual([
      ...["stderr err", "stdout no endup ", "stdout out", "stdout xxxxxxxxx"],
    ]);
    const long = mine.find((line) => line.text.startsWith("xxx"));
    expect(long?.text).toMatch(/x \[134464 characters cut\]$/);
    expect(new Set(mine.map(({ pid }) => pid))).toEqual(new Set([app.of("talk")[1]?.pid]));
  });
});

describe("output without end", () => {
  it("does not keep the master from anything else", async () => {
    const app = makeApp({}, { processes: { yes: { command: ["yes", ""] } } });
    await app.master.start();
    await waitFor("much of it", () => app.lines.length > 100_000);
    let longest = 0;
    let last = performance.now();
    for (let turn = 0; turn < 100; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }
    expect(longest).toBeLessThan(150);
    await app.master.stop();
  });

  it("is held back as long as the one who takes it asks for time", async () => {
    const text = `process.stdout.write("x\\n".repeat(500_000), () => console.error("written")); ${IDLE}`;
    let open: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    let taken = 0;
    const output = ({ text }: { text: string }): Promise<void> | undefined => {
      if (text === "x") taken += 1;
      return text === "x" ? gate : undefined;
    };
    const app = makeApp({ "talk.mjs": text }, { processes: { talk: "talk.mjs" } }, { output });
    await app.master.start();
    await waitFor("the first", () => taken > 0);
    await app.master.hub.client.peers();
    expect(taken).toBe(1);
    open();
    await waitFor("all of it", () => taken === 500_000, 30_000);
  });
});

describe("the pipes of a process that has ended", () => {
  it.skipIf(process.platform !== "linux")("are not kept for whom it left behind", async () => {
    const text = `import { spawn } from "node:child_process";
      spawn("sleep", ["20"], { detached: true, stdio: "inherit" }).unref(); ${IDLE}`;
    const app = makeApp(
      { "leaver.mjs": text },
      { processes: { leaver: { entry: "leaver.mjs", restart: { minDelay: 1 } } } },
    );
    await app.master.start();
    const descriptors = (): number => readdirSync("/proc/self/fd").length;
    const before = descriptors();
    for (let epoch = 1; epoch <= 3; epoch += 1) {
      await waitFor("it", () => {
        const [one] = app.of("leaver");
        return one?.epoch === epoch && one.state === "ready";
      });
      process.kill(pidOf(app, "leaver"), "SIGKILL");
    }
    await waitFor("the fourth", () => app.of("leaver")[0]?.state === "ready");
    await waitFor("its predecessors' pipes to go", () => descriptors() <= before);
  });
});

describe("a callback that throws", () => {
  it("does not stop the supervision", async () => {
    const app = makeApp(
      { "web.mjs": WEB },
      { processes: { web: { entry: "web.mjs", ready: "listen" } } },
    );
    app.master.events.on("process", () => {
      throw new Error("oops");
    });
    await app.master.start();
    const port = Number(app.said("web")[0]?.split(" ")[1]);
    expect((await get(port)).status).toBe(200);
  });
});
