import { lstatSync } from "node:fs";
import { join, resolve } from "node:path";
import { duplicateLogger, notAFile, serviceClosed } from "./errors.ts";
import { LoggerParts } from "./file-logger.ts";
import { LineWriter, type LineWriterOptions } from "./line-writer.ts";
import { type LoggerPlan, planOf } from "./options.ts";
import { OwnOutput } from "./own-output.ts";
import { SharedOutput } from "./shared-output.ts";
import { SharedWriters } from "./shared-writers.ts";
import { printTrouble } from "./stdio.ts";
import type { FileLogger, FileLoggerOptions, LoggerService } from "./types.ts";

/** Loggers by file. */
class Loggers implements LoggerService {
  readonly #defaults: FileLoggerOptions;
  readonly #byPath = new Map<string, { readonly logger: FileLogger; readonly key: string }>();
  #isClosed = false;

  constructor(defaults: FileLoggerOptions) {
    this.#defaults = defaults;
  }

  createLogger(name: string, own: FileLoggerOptions = {}): FileLogger {
    if (this.#isClosed) throw serviceClosed(name);
    const options = { ...this.#defaults, ...own };
    const plan = planOf(name, options);
    const key = JSON.stringify([plan, options.redact]);
    const known = this.#byPath.get(plan.path);
    if (known !== undefined && known.key !== key) throw duplicateLogger(name, plan.path);
    if (known !== undefined) return known.logger;
    const logger = makeLogger(plan, options, () => this.#byPath.delete(plan.path));
    this.#byPath.set(plan.path, { logger, key });
    return logger;
  }

  get(name: string, dir: string = this.#defaults.dir ?? "logs"): FileLogger | undefined {
    return this.#byPath.get(join(resolve(dir), `${name}.log`))?.logger;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#byPath.values()].map(({ logger }) => logger.close()));
  }
}

/**
 * Loggers by name. What one service has made is not known to another.
 *
 * @param defaults options of all its loggers
 * @example
 * const loggers = createLoggerService({ dir: "./logs", hub });
 * loggers.createLogger("web").info("hello");
 * loggers.get("web")?.info("again");
 * await loggers.close();
 */
export function createLoggerService(defaults: FileLoggerOptions = {}): LoggerService {
  return new Loggers(defaults);
}

/**
 * A logger that writes to `<dir>/<name>.log`, which is rotated.
 *
 * @throws ELPIS_LOGS_BAD_ARGUMENT, ELPIS_LOGS_NOT_A_FILE
 * @example
 * const log = createLogger("web", { dir: "./logs", maxFileSize: "100mb", maxFiles: 5 });
 * log.info({ sku: 1 }, "sold");
 */
export function createLogger(name: string, options: FileLoggerOptions = {}): FileLogger {
  return createLoggerService().createLogger(name, options);
}

function makeLogger(
  plan: LoggerPlan,
  options: FileLoggerOptions,
  onClosed: () => void,
): FileLogger {
  const { hub, onTrouble = printTrouble } = options;
  const { path, rotation, bufferBytes } = plan;
  const parts = new LoggerParts(plan, options);
  const shared = hub === undefined ? undefined : SharedWriters.of(hub);
  checkFile(path);
  const { policy } = rotation;
  const output =
    shared === undefined
      ? new OwnOutput({ path, policy, onTrouble, now: Date.now })
      : new SharedOutput(path);
  const needs: LineWriterOptions = { path, output, bufferBytes, noteOf: parts.noteOf, onTrouble };
  const writer = new LineWriter(needs);
  const leave = shared?.add({
    path,
    policy: rotation,
    look: () => writer.look(),
    reopen: () => writer.reopen(),
    hold: () => writer.hold(),
    resume: () => writer.resume(),
    onTrouble,
  });
  return parts.make(writer, async () => {
    onClosed();
    await writer.close();
    await leave?.();
  });
}

/** What cannot be looked at is told when something is to be written. */
function checkFile(path: string): void {
  let isStrange = false;
  try {
    isStrange = lstatSync(path, { throwIfNoEntry: false })?.isFile() === false;
  } catch {}
  if (isStrange) throw notAFile(path);
}
