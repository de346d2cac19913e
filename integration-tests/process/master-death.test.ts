import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { freePort, get, IDLE, isAlive, makeDir, WEB, waitFor } from "./support.ts";

const RUN = `import { createMaster, loadConfig } from "@elpis/process";
  const master = createMaster({ config: await loadConfig(), dir: "run", output: () => {} });
  await master.start();
  console.log(JSON.stringify(master.status().processes.map(({ name, pid }) => [name, pid])));
  process.on("SIGTERM", () => void master.stop());`;

interface Family {
  readonly master: ChildProcess;
  readonly dir: string;
  readonly pids: ReadonlyMap<string, number>;
}

async function startMaster(dir: string): Promise<Family> {
  const master = spawn(process.execPath, ["run.mjs"], {
    cwd: dir,
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void master.kill("SIGKILL"));
  const [chunk] = (await once(master.stdout as never, "data")) as [Buffer];
  return { master, dir, pids: new Map(JSON.parse(String(chunk)) as Array<[string, number]>) };
}

function makeFamily(port: number): string {
  const blocked = 'setTimeout(() => { for (;;) {} }, 50); console.log("up");';
  return makeDir({
    "run.mjs": RUN,
    "web.mjs": WEB,
    "idle.mjs": IDLE,
    "blocked.mjs": blocked,
    "elpis.config.mjs": `export default { name: "family", agent: "./idle.mjs", processes: {
      web: { entry: "./web.mjs", ready: "listen", env: { PORT: "${port}" } },
      frozen: "./idle.mjs", blocked: "./blocked.mjs", command: { command: ["sleep", "300"] },
    } };`,
  });
}

/** The guardians among the children of a process. */
function guardiansOf(master: number): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const isGuardian = (pid: string): boolean => {
    try {
      const [parent] = /(?<=\) \S )\d+/.exec(readFileSync(`/proc/${pid}/stat`, "latin1")) ?? [];
      const command = readFileSync(`/proc/${pid}/cmdline`, "latin1");
      return Number(parent) === master && command.includes("elpis-guardian");
    } catch {
      return false;
    }
  };
  return pids.filter(isGuardian).map(Number);
}

describe("when the master is killed", () => {
  it("nobody of its family is left, the frozen and the blocked included, and the next one starts at once", async () => {
    const port = await freePort();
    const dir = makeFamily(port);
    const family = await startMaster(dir);
    const pids = [...family.pids.values()];
    expect(pids).toHaveLength(6);
    process.kill(family.pids.get("frozen") as number, "SIGSTOP");
    family.master.kill("SIGKILL");
    await once(family.master, "exit");
    await waitFor("all to end", () => !pids.some(isAlive), 5000);
    await expect(get(port)).rejects.toMatchObject({ code: "ECONNREFUSED" });

    const next = await startMaster(dir);
    expect((await get(port)).body).toBe(String(next.pids.get("web")));
    next.master.kill("SIGTERM");
    const [code] = await once(next.master, "exit");
    expect(code).toBe(0);
    expect([...next.pids.values()].filter(isAlive)).toEqual([]);
    expect(existsSync(join(dir, "run", "hub.json"))).toBe(false);
  }, 30_000);

  it.runIf(process.platform === "linux")(
    "so it is when the guardian had been killed as well",
    async () => {
      const family = await startMaster(makeFamily(await freePort()));
      const master = family.master.pid as number;
      const [first] = guardiansOf(master);
      process.kill(first as number, "SIGKILL");
      await waitFor("another guardian", () => guardiansOf(master).some((pid) => pid !== first));
      process.kill(family.pids.get("frozen") as number, "SIGSTOP");
      family.master.kill("SIGKILL");
      await waitFor("all to end", () => ![...family.pids.values()].some(isAlive), 5000);
    },
    30_000,
  );

  it("a worker finishes the request that it has", async () => {
    const port = await freePort();
    const family = await startMaster(makeFamily(port));
    const slow = get(port, "/slow");
    await waitFor("the request to arrive", async () => (await get(port)).status === 200);
    family.master.kill("SIGKILL");
    expect((await slow).status).toBe(200);
    await waitFor("all to end", () => ![...family.pids.values()].some(isAlive), 5000);
  }, 30_000);
});
