import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { expect, it, onTestFinished } from "vitest";
import { tellError } from "../../src/logger/tell-errors.ts";
import { elpisLogger } from "../../src/logger.ts";
import { linesOf, place } from "./support.ts";

interface Told {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

function heard(onTold: (line: Told) => void = () => {}): Told[] {
  const lines: Told[] = [];
  const listener = (line: unknown): void => {
    lines.push(line as Told);
    onTold(line as Told);
  };
  subscribe("elpis.log", listener);
  onTestFinished(() => void unsubscribe("elpis.log", listener));
  return lines;
}

it("tells of errors, and of nothing else, with the fields of the line", async () => {
  const { logger } = await place();
  const lines = heard();
  const log = logger({ level: "debug" });
  log.debug("not this");
  log.warn({ sku: 1 }, "nor this");
  log.child({ traceId: "abc" }).error({ sku: 1 }, "no tea %s", "left");
  log.fatal(Object.assign(new RangeError("too far"), { code: "E_FAR" }));
  log.error({ error: new TypeError("not written") }, "it broke");
  expect(lines).toEqual([
    { level: "error", message: "no tea left", fields: { traceId: "abc", sku: 1 } },
    {
      level: "fatal",
      message: "too far",
      fields: {
        err: expect.objectContaining({ name: "RangeError", message: "too far", code: "E_FAR" }),
      },
    },
    {
      ...{ level: "error", message: "it broke" },
      fields: { error: expect.objectContaining({ name: "TypeError", message: "not written" }) },
    },
  ]);
});

it("tells of errors under the key error as of those under err, also when they have a code", async () => {
  const { logger } = await place();
  const lines = heard();
  const log = logger({ redact: ["password", "errors.message"] });
  const error = Object.assign(new RangeError("no such file"), { code: "ENOENT", errno: -2 });
  const { name, message, stack } = error;
  log.error({ error }, "it broke");
  log.error({ error });
  log.child({ part: "shop" }).error({ error });
  const told = { name, message, stack, code: "ENOENT", errno: -2 };
  expect(lines).toEqual([
    { level: "error", message: "it broke", fields: { error: told } },
    { level: "error", message: "no such file", fields: { error: told } },
    { level: "error", message: "no such file", fields: { part: "shop", error: told } },
  ]);
});

it("adds nothing to what somebody wants to show or to hide of an error", async () => {
  const { logger } = await place();
  const lines = heard();
  const error = Object.assign(new Error("hunter2"), { code: "E_AUTH" });
  logger({ redact: ["error.message"] }).error({ error }, "1");
  logger({ redact: ["*.message"] }).error({ error }, "2");
  logger({ redact: ["error"] }).error({ error }, "3");
  const serializers = { error: ({ code }: { code: string }) => ({ code }) };
  logger({ pino: { serializers } }).error({ error }, "4");
  logger().child({}, { serializers }).error({ error }, "5");
  logger()
    .child({}, { redact: ["error.message"] })
    .error({ error }, "6");
  const log = ({ error }: Record<string, unknown>) => ({ error: { ...(error as object) } });
  logger({ pino: { formatters: { log } } }).error({ error }, "7");
  expect(lines.map((line) => line.message)).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
  expect(JSON.stringify(lines)).not.toContain("hunter2");
});

it("never throws, whatever is logged", async () => {
  const { logger } = await place();
  const lines = heard();
  const log = logger({ pino: { hooks: { streamWrite: (text) => text } } });
  const odd = {
    toString: () => {
      throw new Error("no text");
    },
  };
  const bad = Object.assign(new Error("x"), { code: "E" });
  Object.defineProperty(bad, "message", {
    get: () => {
      throw new Error("no message");
    },
  });
  expect(() => log.error({}, Symbol("s") as never)).not.toThrow();
  expect(() => log.error({}, odd as never)).not.toThrow();
  log.error(JSON.parse('{"__proto__": {"polluted": true}, "a": 1}'), "proto");
  const { fields } = lines.at(-1) as Told;
  expect(Object.getPrototypeOf(fields)).toBe(Object.prototype);
  expect(Object.keys(fields)).toEqual(["__proto__", "a"]);
  expect(() =>
    tellError({
      ...{ text: '{"error":{"code":"E"}}', level: 50, message: undefined },
      ...{ given: { error: bad }, isPlain: () => true },
    }),
  ).not.toThrow();
});

it("hides what is hidden in the file, whatever the form of its lines", async () => {
  const { logger } = await place();
  const lines = heard();
  const log = logger({ redact: ["password", "err.config"], format: "text", stdoutLevel: "off" });
  const error = Object.assign(new Error("refused"), { config: { key: "hunter2" } });
  log.error({ password: "hunter2", err: error }, "no");
  elpisLogger(log).child({ part: "shop" }).error("no again", { password: "hunter2" });
  expect(lines.map(({ message }) => message)).toEqual(["no", "no again"]);
  expect(lines[1]?.fields).toEqual({ part: "shop", password: "[Redacted]" });
  expect(JSON.stringify(lines)).not.toContain("hunter2");
});

it("knows levels of one's own, and lines that are no JSON", async () => {
  const { logger } = await place();
  const lines = heard();
  const log = logger({
    pino: { customLevels: { alert: 55 }, hooks: { streamWrite: (text) => `+ ${text}` } },
  });
  (log as unknown as { alert(fields: object, text: string): void }).alert({ a: 1 }, "look");
  expect(lines).toEqual([{ level: "error", message: "look", fields: {} }]);
});

it("does not go round in circles when whoever hears logs an error", async () => {
  const { logger } = await place();
  const log = logger();
  const lines = heard(() => log.error("heard"));
  log.error("once");
  expect(lines.map(({ message }) => message)).toEqual(["once"]);
  await log.flush();
  expect(linesOf(log.path).map(({ msg }) => msg)).toEqual(["once", "heard"]);
});
