// One peer's processes, hub and clients, and the measurements taken on them.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { endpoint, listen } from "./control.mjs";
import { CLIENTS, MEASURES } from "./measures.mjs";

const ROLE = fileURLToPath(new URL("./role.mjs", import.meta.url));
const START_TIMEOUT_MS = 15_000;
const LEAVE_TIMEOUT_MS = 2_000;
const PRODUCER = 1;

export class Session {
  #peer;
  #name;
  #dir;
  #server;
  #children = [];
  #lines = new Map();
  #arrivals = new Map();
  #tidy = () => rmSync(this.#dir, { recursive: true, force: true });

  constructor(name, peer) {
    this.#name = name;
    this.#peer = peer;
  }

  /** Starts every process of the peer and connects them. */
  async open() {
    this.#dir = mkdtempSync(join(os.tmpdir(), "elpis-bench-"));
    // The processes leave when the runner does; the files would stay.
    process.once("exit", this.#tidy);
    const control = endpoint(this.#dir, "control");
    this.#server = await listen(control, (_name, { key }, line) => {
      this.#lines.set(key, line);
      this.#arrivals.get(key)?.();
    });
    const shared = { control, peer: this.#name, dir: this.#dir, clients: CLIENTS };
    const ids = Array.from({ length: CLIENTS }, (_, index) => index + 1);

    this.#start({ ...shared, role: "hub", id: 0 });
    await this.#arrival("hub");
    await this.#call("hub", "start");
    if (this.#peer.processes === "spawn") {
      for (const id of ids) this.#start({ ...shared, role: "client", id });
    }
    await Promise.all(ids.map((id) => this.#arrival(id)));
    await Promise.all(ids.map((id) => this.#call(id, "connect")));
    await Promise.all(ids.slice(1).map((id) => this.#call(id, "subscribe")));
  }

  /** Lets the JIT see every kind of work, so that the first repetition does not measure the interpreter. */
  async warm(ms) {
    for (const measure of MEASURES) await this.measure(measure, { warmMs: 0, ms });
  }

  /** One sample: what the job returned, and what it cost the hub. */
  async measure({ job, args }, { warmMs, ms }) {
    const sinks = args.sinks ?? [];
    await Promise.all(sinks.map((id) => this.#call(id, "expect", { producer: PRODUCER })));
    const before = await this.#call("hub", "usage");
    const sample = await this.#call(PRODUCER, job, { ...args, warmMs, ms });
    const after = await this.#call("hub", "usage");
    const states = await Promise.all(sinks.map((id) => this.#call(id, "received")));
    for (const state of states) sample.bad += state.bad;
    sample.hubCpuPerMillion = ((after.cpuSeconds - before.cpuSeconds) / sample.total) * 1e6;
    sample.hubRssMiB = after.rssBytes / 2 ** 20;
    return sample;
  }

  async close() {
    const leaving = [...this.#lines.values()].map((line) =>
      line.call("leave", {}, LEAVE_TIMEOUT_MS),
    );
    // A process that does not manage to leave in time is ended below; there is nobody to tell.
    await Promise.allSettled(leaving);
    for (const line of this.#lines.values()) line.hangUp();
    await Promise.all(this.#children.map(ended));
    this.#server?.close();
    process.off("exit", this.#tidy);
    if (this.#dir !== undefined) this.#tidy();
  }

  #start(config) {
    const env = { ...process.env, ELPIS_BENCH: JSON.stringify(config) };
    const child = spawn(process.execPath, [ROLE], { env, stdio: ["ignore", "ignore", "inherit"] });
    this.#children.push(child);
  }

  #arrival(key) {
    if (this.#lines.has(key)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(
          new Error(`process ${key} of ${this.#name} did not start within ${START_TIMEOUT_MS} ms`),
        );
      }, START_TIMEOUT_MS);
      this.#arrivals.set(key, () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #call(key, job, args) {
    return this.#lines.get(key).call(job, args);
  }
}

/** Waits for the end of a child that has been told to go, and ends it where it does not. */
async function ended(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const timer = setTimeout(() => child.kill("SIGKILL"), LEAVE_TIMEOUT_MS);
  await once(child, "exit");
  clearTimeout(timer);
}
