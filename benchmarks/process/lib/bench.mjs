// What a row is given: the systems that can run here, the applications it has opened, and whom it has to do without.
import { firstAnswer } from "./ask.mjs";
import { NotAvailable } from "./command.mjs";

const FIRST_ANSWER_MS = 20_000;
const REPEAT_MS = 90_000;
const LEAST_REPEATS = 3;

export class Bench {
  #systems;
  #open = new Set();
  /** By system: why it has no figures in this row. */
  missing = {};
  /** By system: what went wrong with it. */
  errors = {};

  constructor({ systems, isShort, log }) {
    this.#systems = systems;
    this.isShort = isShort;
    this.log = log;
  }

  has(name) {
    return this.#systems.has(name);
  }

  /** Opens and starts the application under a system; it is closed at the end of the row at the latest. */
  async start(name, options = {}) {
    const app = await this.prepare(name, options);
    app.started = await app.start();
    // Not everybody's start waits until somebody listens.
    const answers = await firstAnswer(app.port, { timeoutMs: FIRST_ANSWER_MS, everyMs: 20 });
    if (answers === undefined)
      throw new Error(`no answer within ${FIRST_ANSWER_MS} ms of the start`);
    return app;
  }

  /** Opens the application without starting it. */
  async prepare(name, options = {}) {
    const app = await this.#systems.get(name).open(options);
    this.#open.add(app);
    return app;
  }

  async close(app) {
    this.#open.delete(app);
    await app.close();
  }

  async closeAll() {
    for (const app of [...this.#open]) {
      await this.close(app).catch((error) => this.log(`closing failed: ${error.message}`));
    }
  }

  /** Does it `count` times, or as often as there is time for: on a busy machine everything takes ten times as long. */
  async repeat(count, work) {
    const end = performance.now() + REPEAT_MS;
    for (let i = 0; i < count && (i < LEAST_REPEATS || performance.now() < end); i++) {
      await work(i);
    }
  }

  /** Does the work for each system that is there and has not failed in this row; one that fails is left out from then on. */
  async each(names, work) {
    for (const name of names) {
      if (!this.has(name) || name in this.errors || name in this.missing) continue;
      try {
        await work(name);
      } catch (error) {
        if (error instanceof NotAvailable) this.missing[name] = error.message;
        else this.errors[name] = String(error?.stack ?? error);
        this.log(`  ${name}: ${error.message}`);
      }
    }
  }
}

/** Names in turn, another one first each time. */
export function rotated(names, turn) {
  const first = turn % names.length;
  return [...names.slice(first), ...names.slice(0, first)];
}
