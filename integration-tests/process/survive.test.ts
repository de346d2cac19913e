import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { connect } from "@elpis/core";
import { endSurvivors, findSurvivors, type ProcessStatus, readState } from "@elpis/process";
import { describe, expect, it, onTestFinished } from "vitest";
import { freePort, get, IDLE, isAlive, makeDir, waitFor } from "./support.ts";

/** Says what it has done in lines of JSON; HUP reloads, USR2 tells the status, TERM stops. */
const RUN = `import { appendFileSync } from "node:fs";
  import { createMaster, loadConfig } from "@elpis/process";
  const log = { debug() {}, info() {}, error: console.error, child: () => log,
    warn: (text) => appendFileSync("warnings", text + "\\n") };
  const output = ({ pid, text }) => appendFileSync("lines", pid + " " + text + "\\n");
  const master = createMaster({ config: await loadConfig(), dir: "run", output, log });
  const say = (what, more) => console.log(JSON.stringify({ what, ...more, processes: master.status().processes }));
  const reload = async () => say("reloaded", await master.reload().catch((error) => ({ error: error.message })));
  process.on("SIGHUP", reload);
  process.on("SIGUSR2", () => say("status"));
  process.on("SIGTERM", () => void master.stop());
  await master.start();
  say("started");`;

const WEB = `import http from "node:http";
  import { hub } from "@elpis/core/process";
  hub.handle("who", () => process.pid);
  let heard = 0;
  hub.on("news", () => { heard += 1; });
  hub.handle("heard", () => heard);
  const answer = (request, response) => response.end(String(process.pid));
  http.createServer(answer).listen(Number(process.env.PORT), "127.0.0.1");
  let count = 0;
  setInterval(() => console.log("line " + ++count), 10);`;

interface Said {
  readonly what: string;
  readonly error?: string;
  readonly processes: readonly ProcessStatus[];
}

/** A master in a process of its own. */
class Run {
  readonly process: ChildProcess;
  readonly #said: Said[] = [];

  constructor(dir: string) {
    this.process = spawn(process.execPath, ["run.mjs"], {
      cwd: dir,
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void this.process.kill("SIGKILL"));
    let text = "";
    this.process.stdout?.on("data", (chunk: Buffer) => {
      const lines = (text + String(chunk)).split("\n");
      text = lines.pop() ?? "";
      this.#said.push(...lines.map((line) => JSON.parse(line) as Said));
    });
  }

  /** The next time that it says so. */
  async said(what: string): Promise<Said> {
    const found = await waitFor(what, () => this.#said.find((one) => one.what === what), 30_000);
    this.#said.splice(this.#said.indexOf(found), 1);
    return found;
  }

  async ask(signal: NodeJS.Signals, what: string): Promise<Said> {
    this.process.kill(signal);
    return this.said(what);
  }

  async kill(): Promise<void> {
    this.process.kill("SIGKILL");
    await once(this.process, "exit");
  }

  async stop(): Promise<void> {
    this.process.kill("SIGTERM");
    const [code] = await once(this.process, "exit");
    expect(code).toBe(0);
  }
}

interface Family {
  readonly dir: string;
  readonly port: number;
}

async function makeFamily(config = ""): Promise<Family> {
  const port = await freePort();
  const dir = makeDir({
    "run.mjs": RUN,
    "web.mjs": WEB,
    "idle.mjs": IDLE,
    "elpis.config.mjs": configWith(port, config),
  });
  onTestFinished(() => {
    for (const { pid } of readState(join(dir, "run"))?.units ?? []) kill(pid);
  });
  return { dir, port };
}

function configWith(port: number, more = ""): string {
  return `export default { name: "family", survive: true, processes: {
    web: { entry: "./web.mjs", ready: "listen", scale: 2, env: { PORT: "${port}" } }, ${more} } };`;
}

/** Whatever a failed test has left behind. */
function kill(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It had ended, as it should.
  }
}

function pidsOf({ processes }: Said, name = "web"): number[] {
  return processes.filter((one) => one.name === name).flatMap(({ pid }) => pid ?? []);
}

/** Clients without a pause, some with kept-alive and one with new connections. */
class Load {
  answers = 0;
  readonly failures: string[] = [];
  readonly #agents = [1, 2, 3].map(() => new http.Agent({ keepAlive: true, maxSockets: 1 }));
  readonly #port: number;
  readonly #clients: Promise<unknown>;
  #isOn = true;

  constructor(port: number) {
    this.#port = port;
    this.#clients = Promise.all([...this.#agents, undefined].map((agent) => this.#client(agent)));
    onTestFinished(() => void this.end());
  }

  async more(count: number): Promise<void> {
    const target = this.answers + count;
    await waitFor("more answers", () => this.answers >= target);
  }

  async end(): Promise<void> {
    this.#isOn = false;
    await this.#clients;
    for (const agent of this.#agents) agent.destroy();
  }

  async #client(agent: http.Agent | undefined): Promise<void> {
    while (this.#isOn) {
      try {
        await get(this.#port, "/", agent === undefined ? {} : { agent });
        this.answers += 1;
      } catch (error) {
        this.failures.push(String(error));
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}

/** They are on the hub of the new master under the names that they had, and listen and answer there. */
async function answersAsBefore(dir: string, said: Said): Promise<void> {
  const { path, secret } = JSON.parse(readFileSync(join(dir, "run", "hub.json"), "utf8"));
  const peer = await connect({ path: join(dir, path), secret });
  onTestFinished(() => peer.close());
  const peers = await peer.peers({ name: "web" });
  const found = peers.map(({ role, index, pid, epoch, ready }) => [role, index, pid, epoch, ready]);
  const processes = said.processes.filter(({ name }) => name === "web");
  expect(found.sort()).toEqual(
    processes.map(({ index, pid, epoch }) => ["worker", index, pid, epoch, true]),
  );
  const answers = await peer.map("who", {}, { to: { name: "web" } });
  const pids = answers.flatMap((answer) => ("value" in answer ? [answer.value] : []));
  expect(pids.sort()).toEqual(pidsOf(said).sort());
  await peer.emit("news", {});
  await waitFor("the news to be heard", async () => {
    const heard = await peer.map("heard", {}, { to: { name: "web" } });
    return heard.every((answer) => "value" in answer && answer.value === 1);
  });
  await peer.close();
}

/** The numbers that a process has counted in its output, in the order in which they came. */
function counted(dir: string, pid: number): number[] {
  const lines = readFileSync(join(dir, "lines"), "utf8").split("\n");
  return lines.flatMap((line) => {
    const [, number] = new RegExp(`^${pid} line (\\d+)$`).exec(line) ?? [];
    return number === undefined ? [] : [Number(number)];
  });
}

describe.skipIf(process.platform === "win32")("an application that survives its master", () => {
  it("serves on, is taken over with all that is known of it, and can be reloaded, without a lost request", async () => {
    const { dir, port } = await makeFamily('command: { command: ["sleep", "300"] },');
    const first = new Run(dir);
    const [victim] = pidsOf(await first.said("started"));
    process.kill(victim as number, "SIGKILL");
    const whole = (said: Said): boolean =>
      isWhole(said) && !pidsOf(said).includes(victim as number);
    await waitFor("the replacement", () => first.ask("SIGUSR2", "status").then(whole));
    const before = await first.ask("SIGUSR2", "status");
    const load = new Load(port);
    await load.more(50);

    await first.kill();
    await load.more(100);
    expect(findSurvivors("family", join(dir, "run"))?.units).toHaveLength(3);
    const next = new Run(dir);
    const after = await next.said("started");
    expect(summary(after)).toEqual(summary(before));
    expect(after.processes.find(({ name, index }) => name === "web" && index === 0)).toMatchObject({
      restarts: 1,
      causes: { signal: 1 },
      epoch: 2,
      version: 1,
    });
    await load.more(100);
    await answersAsBefore(dir, after);
    const reloaded = await next.ask("SIGHUP", "reloaded");
    expect(reloaded.error).toBeUndefined();
    const all = [...pidsOf(before), ...pidsOf(reloaded)];
    expect(new Set(all).size).toBe(4);
    await load.more(50);
    await load.end();
    expect(load.failures).toEqual([]);

    await next.stop();
    expect(all.filter(isAlive)).toEqual([]);
    expect(pidsOf(before, "command").filter(isAlive)).toEqual([]);
    await expect(get(port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    expect(existsSync(join(dir, "run", "state.json"))).toBe(false);
    for (const pid of all) {
      const numbers = counted(dir, pid);
      expect(numbers).toEqual(numbers.map((_, at) => at + 1));
    }
  }, 60_000);

  it("a process that was taken over is replaced when it dies, and a second master may take over again", async () => {
    const { dir, port } = await makeFamily();
    const first = new Run(dir);
    const before = await first.said("started");
    await first.kill();
    const second = new Run(dir);
    await second.said("started");
    const [victim, other] = pidsOf(before);
    process.kill(victim as number, "SIGKILL");
    const whole = (said: Said): boolean =>
      isWhole(said) && !pidsOf(said).includes(victim as number);
    await waitFor("the replacement", () => second.ask("SIGUSR2", "status").then(whole));
    const replaced = await second.ask("SIGUSR2", "status");
    expect(replaced.processes[1]).toMatchObject({
      restarts: 1,
      causes: { exit: 1 },
      lastExit: { code: null, signal: null },
    });
    expect(readFileSync(join(dir, "warnings"), "utf8")).toContain("how is not known");
    await second.kill();
    const third = new Run(dir);
    const after = await third.said("started");
    expect(summary(after)).toEqual(summary(replaced));
    expect(pidsOf(after)).toContain(other);
    expect((await third.ask("SIGHUP", "reloaded")).error).toBeUndefined();
    expect((await get(port)).status).toBe(200);
    await third.stop();
    expect(pidsOf(after).filter(isAlive)).toEqual([]);
  }, 60_000);

  it("who has no place any more, or does not answer, is ended; somebody else with its number is not", async () => {
    const { dir, port } = await makeFamily('gone: "./idle.mjs", frozen: "./idle.mjs",');
    const first = new Run(dir);
    const before = await first.said("started");
    const [gone] = pidsOf(before, "gone");
    const [frozen] = pidsOf(before, "frozen");
    process.kill(frozen as number, "SIGSTOP");
    await first.kill();
    const stranger = spawn("sleep", ["300"], { detached: true });
    onTestFinished(() => void stranger.kill("SIGKILL"));
    const file = join(dir, "run", "state.json");
    const state = JSON.parse(readFileSync(file, "utf8"));
    const alias = { ...state.units[0], name: "web", index: 7, pid: stranger.pid };
    writeFileSync(file, JSON.stringify({ ...state, units: [...state.units, alias] }));
    writeFileSync(join(dir, "elpis.config.mjs"), configWith(port, 'frozen: "./idle.mjs",'));

    const next = new Run(dir);
    const after = await next.said("started");
    expect(pidsOf(after)).toEqual(pidsOf(before));
    expect(pidsOf(after, "frozen")).not.toContain(frozen);
    expect([gone, frozen].filter((pid) => isAlive(pid as number))).toEqual([]);
    expect(isAlive(stranger.pid as number)).toBe(true);
    await next.stop();
    expect(pidsOf(after).filter(isAlive)).toEqual([]);
  }, 60_000);

  it("whoever is taken over is watched, and listens as its policy has it", async () => {
    const [web, handed, own] = [await freePort(), await freePort(), await freePort()];
    const each = (name: string, port: number, balance: string): string =>
      `${name}: { entry: "./web.mjs", ready: "listen", scale: 2, env: { PORT: "${port}" }, balance: "${balance}",
        liveness: { interval: "200ms", probe: { hub: "who", interval: "100ms" } } },`;
    const more = each("handed", handed, "least-connections") + each("own", own, "reuse-port");
    const { dir } = await makeFamily();
    writeFileSync(join(dir, "elpis.config.mjs"), configWith(web, more));
    const first = new Run(dir);
    const before = await first.said("started");
    await first.kill();
    expect((await get(own)).status).toBe(200);
    await expect(get(handed)).rejects.toMatchObject({ code: "ECONNREFUSED" });

    const next = new Run(dir);
    const after = await next.said("started");
    for (const [name, port] of Object.entries({ web, handed, own })) {
      const pids = pidsOf(before, name);
      expect(pidsOf(after, name)).toEqual(pids);
      expect(pids.map(String)).toContain((await get(port)).body);
    }
    const load = new Load(handed);
    await load.more(50);
    await waitFor("heartbeats", async () => {
      const { processes } = await next.ask("SIGUSR2", "status");
      return processes
        .filter(({ name }) => ["handed", "own"].includes(name))
        .every(({ vitals }) => vitals);
    });
    const [frozen] = pidsOf(after, "own");
    process.kill(frozen as number, "SIGSTOP");
    const isReplaced = (said: Said): boolean =>
      isWhole(said) && !pidsOf(said, "own").includes(frozen as number);
    await waitFor("the one that hangs to be replaced", async () =>
      isReplaced(await next.ask("SIGUSR2", "status")),
    );
    const whole = await next.ask("SIGUSR2", "status");
    const kept = (said: Said): number[] => pidsOf(said, "handed");
    expect(kept(whole)).toEqual(kept(before));
    const reloaded = await next.ask("SIGHUP", "reloaded");
    expect(reloaded.error).toBeUndefined();
    expect(kept(reloaded).some((pid) => kept(before).includes(pid))).toBe(false);
    await load.more(50);
    await load.end();
    expect(load.failures).toEqual([]);
    await next.stop();
    expect([...pidsOf(reloaded), ...kept(reloaded)].filter(isAlive)).toEqual([]);
    await expect(get(handed)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  }, 60_000);

  it("what nobody takes over can be found and ended", async () => {
    const { dir, port } = await makeFamily('command: { command: ["sleep", "300"] },');
    const first = new Run(dir);
    const before = await first.said("started");
    const runtime = join(dir, "run");
    expect(findSurvivors("family", runtime)).toBeUndefined();
    await first.kill();
    const pids = [...pidsOf(before), ...pidsOf(before, "command")];
    expect(findSurvivors("family", runtime)?.units.map(({ pid }) => pid)).toEqual(pids);
    expect(JSON.stringify(findSurvivors("family", runtime))).not.toContain("token");
    expect(await endSurvivors("family", { dir: runtime })).toEqual(pids);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(findSurvivors("family", runtime)).toBeUndefined();
    await expect(get(port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  }, 60_000);

  it("a damaged state is put aside, and those that the new master does not know leave by themselves", async () => {
    const { dir } = await makeFamily();
    const first = new Run(dir);
    const before = await first.said("started");
    await first.kill();
    const file = join(dir, "run", "state.json");
    writeFileSync(file, readFileSync(file, "utf8").slice(0, 300));
    // Until they have left, theirs is taken.
    writeFileSync(join(dir, "elpis.config.mjs"), configWith(await freePort()));
    const next = new Run(dir);
    await waitFor("the old ones to leave", () => !pidsOf(before).some(isAlive), 20_000);
    expect(existsSync(`${file}.bad`)).toBe(true);
    await next.said("started");
    await next.stop();
  }, 60_000);

  it("without it nobody is left", async () => {
    const { dir, port } = await makeFamily();
    const config = configWith(port).replace("survive: true", "survive: false");
    writeFileSync(join(dir, "elpis.config.mjs"), config);
    const first = new Run(dir);
    const before = await first.said("started");
    for (const file of ["door.sock", "state.json", "output"]) {
      expect(existsSync(join(dir, "run", file))).toBe(false);
    }
    await first.kill();
    await waitFor("all to end", () => !pidsOf(before).some(isAlive), 10_000);
  }, 60_000);
});

function isWhole({ processes }: Said): boolean {
  return processes.every(({ state }) => state === "ready");
}

/** What a master of the same processes says as well. */
function summary({ processes }: Said): unknown[] {
  return processes.slice(1).map(({ name, index, pid, epoch, restarts, causes, version }) => {
    return { name, index, pid, epoch, restarts, causes, version };
  });
}
