import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadSayCommand, redisStatements } from "../src/libraries/redis-statements.ts";

const official = loadSayCommand();
const command = fc.oneof(
  fc.constantFrom("get", "SET", "hset", "mset", "echo", "config", "auth", "eval", "LPUSH", "xadd"),
  fc.string({ maxLength: 8 }),
);
const argument = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.constantFrom(null, undefined, Buffer.from("binary")),
);

describe("what is told of a command of Redis", () => {
  test("is what OpenTelemetry tells, whatever it is and however often", () => {
    const say = redisStatements(official);
    fc.assert(
      fc.property(command, fc.array(argument, { maxLength: 12 }), (name, args) => {
        expect(say(name, [...args])).toBe(official(name, [...args]));
      }),
      { numRuns: 2000 },
    );
  });

  test("has no values of what is stored, and no passwords", () => {
    const say = redisStatements(official);
    expect(say("set", ["key", "secret", "EX", 60])).toBe("set key [3 other arguments]");
    expect(say("auth", ["secret"])).toBe("auth [1 other arguments]");
  });

  test("is asked for once for each name, and not for ever more of them", () => {
    let asked = 0;
    const say = redisStatements((name, args) => {
      asked += 1;
      return official(name, args);
    });
    for (let at = 0; at < 100; at++) say("get", [`key:${at}`]);
    expect(asked).toBe(1);
    for (let at = 0; at < 2000; at++) expect(say(`get${at}`, ["key"])).toBe(`get${at} key`);
  });
});
