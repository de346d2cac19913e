import { relative } from "node:path";
import type { CliContext } from "../../context.ts";
import { loadDefinition } from "../../definition.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import { beginStop, foregroundLogger, refuseWhenRunning } from "../../foreground.ts";
import type { RunOptions } from "../../options.ts";
import { linePrinter } from "../../output/lines.ts";
import { printError, say } from "../../output/report.ts";
import { upLine } from "../../output/summary.ts";
import { type AppDefinition, createMaster, type Master } from "../../preset.ts";
import { watchSignals } from "../../signals.ts";
import { type Changes, watchChanges } from "../../watch.ts";

/**
 * Runs an app in the foreground, one process of each kind, and starts the processes again when a file changes. An app
 * that does not start is tried again at the next change.
 *
 * @returns the exit code: 0 after a graceful stop
 */
export async function dev(context: CliContext, options: RunOptions): Promise<number> {
  // The config may ask for it, so it has to be there before the config is read.
  context.env.NODE_ENV ??= "development";
  const definition = await loadDefinition(context, options, true);
  await refuseWhenRunning(definition);
  const changes = await watchChanges(definition.dir);
  const session = new DevSession(context, options, definition, changes);
  const signals = watchSignals(context, (wish, signal) => {
    say(context, `${signal}: stopping${wish === "now" ? " at once" : ""}`);
    session.stop(wish === "now");
  });
  try {
    await session.run();
    return (signals.wish === "now" ? EXIT_CODES.interrupted : EXIT_CODES.ok).code;
  } finally {
    signals.off();
    await changes.close();
  }
}

class DevSession {
  readonly #context: CliContext;
  readonly #options: RunOptions;
  readonly #changes: Changes;
  #definition: AppDefinition;
  #master: Master | undefined;
  #isStopping = false;

  constructor(
    context: CliContext,
    options: RunOptions,
    definition: AppDefinition,
    changes: Changes,
  ) {
    this.#context = context;
    this.#options = options;
    this.#definition = definition;
    this.#changes = changes;
  }

  async run(): Promise<void> {
    await this.#begin();
    for (;;) {
      const files = await this.#changes.next();
      if (files === undefined) break;
      await this.#change(files);
    }
    await this.#master?.closed;
  }

  stop(now: boolean): void {
    this.#isStopping = true;
    beginStop(this.#context, this.#master, now);
    void this.#changes.close();
  }

  async #begin(): Promise<void> {
    const begun = performance.now();
    const master = createMaster({
      config: this.#definition,
      output: linePrinter(this.#context, this.#options.json === true),
      foreground: true,
      log: foregroundLogger(this.#context, this.#options),
      reread: () => loadDefinition(this.#context, this.#options, true),
    });
    this.#master = master;
    try {
      await master.start();
    } catch (error) {
      this.#master = undefined;
      if (!this.#isStopping) this.#complain(error);
      return;
    }
    void master.closed.then(() => this.#ended(master));
    if (this.#isStopping) return;
    say(this.#context, upLine(master.status(), performance.now() - begun));
  }

  /** `elpis stop` from elsewhere ends the session; a stop of our own makes room for the next master. */
  async #ended(master: Master): Promise<void> {
    if (this.#master === master) await this.#changes.close();
  }

  async #change(files: readonly string[]): Promise<void> {
    const begun = performance.now();
    say(this.#context, `${this.#describe(files)} changed, starting again`);
    try {
      if (this.#master === undefined || files.includes(this.#definition.file)) {
        await this.#renew();
        return;
      }
      await this.#master.restart();
      say(this.#context, upLine(this.#master.status(), performance.now() - begun));
    } catch (error) {
      if (this.#isStopping) return;
      this.#complain(error);
      await this.#discard();
    }
  }

  async #renew(): Promise<void> {
    await this.#discard();
    this.#definition = await loadDefinition(this.#context, this.#options, true);
    if (!this.#isStopping) await this.#begin();
  }

  async #discard(): Promise<void> {
    const old = this.#master;
    this.#master = undefined;
    await old?.stop();
    await old?.closed;
  }

  #complain(error: unknown): void {
    printError(this.#context, { ...this.#options, json: false }, error);
    say(this.#context, "waiting for a change");
  }

  #describe(files: readonly string[]): string {
    const [first = "", ...others] = files.map((file) => relative(this.#definition.dir, file));
    return others.length === 0 ? first : `${first} and ${others.length} more`;
  }
}
