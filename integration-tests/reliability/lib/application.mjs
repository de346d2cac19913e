// Whole applications: a master in a process of its own, the built command line, and what they have started.
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BusyHub } from "./busy-hub.mjs";
import { familyOf } from "./kernel.mjs";
import { until } from "./numbers.mjs";

const FIXTURES = new URL("../fixtures/", import.meta.url);
const BIN = fileURLToPath(new URL("../../../packages/cli/dist/bin.js", import.meta.url));

/** Where a program of an application is. */
export const fixture = (name) => fileURLToPath(new URL(`${name}.mjs`, FIXTURES));

/** For processes that are killed again and again: they come back as after a first death, and never fail. */
export const PATIENT = { intensity: 10_000, minDelay: 100, maxDelay: 100, stableAfter: 10 };

/** A TCP port of this machine that nobody listens on. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** The web application of these programs. */
export function web(port, options = {}) {
  const { env = {}, ...more } = options;
  return {
    ...{ entry: fixture("web"), scale: 2, ready: "listen", restart: PATIENT },
    ...more,
    env: { PORT: String(port), ...env },
  };
}

/** Runs a command of the command line to its end. */
export function elpis(run, args, options = {}) {
  return run.processes.run(`elpis ${args[0]}`, [BIN, ...args], { cwd: run.home, ...options });
}

/** Runs a command to its end, and reads what it printed for programs. */
export async function elpisJson(run, args, options) {
  const command = elpis(run, [...args, "--json"], options);
  const { code } = await command.exited;
  const text = command.stdout();
  return { code, answer: text === "" ? undefined : JSON.parse(text), said: command.stderr() };
}

/** Writes a configuration where the command line finds it; returns its folder. */
export function writeConfig(run, config, text = JSON.stringify(config, undefined, 1)) {
  const dir = join(run.home, "apps", config.name);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "elpis.config.mjs"), `export default ${text};\n`);
  return dir;
}

/** An application that runs. */
class Application extends BusyHub {
  constructor(run, config) {
    super(run, config.name);
    this.config = config;
  }

  /** What the master says over the hub. */
  async ask(topic, input = {}, timeoutMs = 5000) {
    const client = await this.run.visitor(this.name);
    return client.request(topic, input, { to: { role: "master" }, timeoutMs });
  }

  /** Pids of a process that runs, in order of its instances. */
  async pidsOf(name) {
    const { processes } = await this.status();
    return processes.filter((one) => one.name === name).map(({ pid }) => pid);
  }

  /** Every living process of it but the master, by pid. */
  family() {
    return familyOf(this.run.home, this.name);
  }
}

/** One whose master is an actor: what it tells is here at once, with the time at which the master said it. */
export class HostedApplication extends Application {
  changes = [];
  log = [];
  output = [];

  /** Starts it; resolves when all of it is ready. */
  static async start(run, config, how) {
    const app = new HostedApplication(run, config);
    await app.open(how);
    return app;
  }

  /** Starts a master for it, the first one or another one. */
  async open(how) {
    this.actor = this.run.start("master", how);
    for (const [event, list] of [
      ["change", this.changes],
      ["log", this.log],
      ["output", this.output],
    ]) {
      this.actor.on(event, (value) => list.push(value));
    }
    return this.actor.call("open", { config: this.config, dir: this.run.home });
  }

  get pid() {
    return this.actor.pid;
  }

  status() {
    return this.actor.call("status");
  }

  /** The first change from number `from` of the list on that `test` accepts. */
  change(what, test, from = 0, timeoutMs = 20_000) {
    return until(what, () => this.changes.slice(from).find(test), timeoutMs);
  }

  /** Waits until every process is ready. */
  async settled(timeoutMs = 20_000) {
    await until(
      "all to be ready",
      async () => (await this.status()).state === "running",
      timeoutMs,
    );
  }
}

/** One that the command line runs in the foreground. */
export class ForegroundApplication extends Application {
  static async start(run, config, { env } = {}) {
    const app = new ForegroundApplication(run, config);
    app.dir = writeConfig(run, config);
    app.command = elpis(run, ["run", app.dir], { env });
    await Promise.race([
      until("the application to be up", () => app.isUp, 30_000),
      app.command.exited.then(({ code }) => {
        throw new Error(`elpis run ended with ${code}: ${app.command.stderr()}`);
      }),
    ]);
    return app;
  }

  /** It says so when all is ready. */
  get isUp() {
    return / is up/.test(this.command.stderr());
  }

  get pid() {
    return this.command.pid;
  }

  status() {
    return this.ask("elpis.status");
  }
}
