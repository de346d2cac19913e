import type { Client, Logger } from "@elpis/api";
import { type Logger as PinoLogger, pino } from "pino";
import { expectTypeOf, test } from "vitest";
import {
  createLogger,
  createLoggerService,
  elpisLogger,
  type FileLogger,
  type LoggerService,
} from "../../src/logger.ts";

test("a logger is one of pino, and its children are like it", () => {
  const log = createLogger("web", { hub: {} as Client, redact: ["a"], pino: { base: null } });
  expectTypeOf(log).toEqualTypeOf<FileLogger>();
  expectTypeOf(log).toExtend<PinoLogger>();
  expectTypeOf(log.child({ a: 1 })).toEqualTypeOf<FileLogger>();
  expectTypeOf(log.lost).toEqualTypeOf<number>();
  expectTypeOf(log.flush()).toEqualTypeOf<Promise<boolean>>();
  log.info({ sku: 1 }, "sold %d", 3);
  // @ts-expect-error: not a type of rotation
  createLogger("web", { type: "weekly" });
});

test("both make a logger of Elpis", () => {
  expectTypeOf(elpisLogger(createLogger("web"))).toEqualTypeOf<Logger>();
  expectTypeOf(elpisLogger(pino())).toEqualTypeOf<Logger>();
  expectTypeOf(createLoggerService({ dir: "logs" })).toEqualTypeOf<LoggerService>();
});
