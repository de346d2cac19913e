import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { createSink } from "../src/output/sink.ts";

function stream(isTTY: boolean): NodeJS.WriteStream {
  return Object.assign(new PassThrough(), { isTTY }) as unknown as NodeJS.WriteStream;
}

test("writes lines", async () => {
  const out = stream(false);
  const sink = createSink(out, {});
  expect([sink.line("one"), sink.line("two")]).toEqual([true, true]);
  await sink.flush();
  out.end();
  expect(await text(out as unknown as PassThrough)).toBe("one\ntwo\n");
});

test("a reader that has gone is told, and ends nothing else", async () => {
  const broken = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error("EPIPE"), { code: "EPIPE" })),
  }) as unknown as NodeJS.WriteStream;
  const sink = createSink(broken, {});
  sink.line("one");
  await sink.closed;
  expect(sink.line("two")).toBe(false);
  await sink.flush();
});

test("a file gets every line at once", () => {
  const dir = mkdtempSync(join(tmpdir(), "elpis-sink-"));
  const fd = openSync(join(dir, "out"), "w");
  try {
    const sink = createSink(Object.assign(stream(false), { fd }), {});
    expect([sink.line("one"), sink.line("zwölf"), sink.lost]).toEqual([true, true, 0]);
    expect(readFileSync(join(dir, "out"), "utf8")).toBe("one\nzwölf\n");
  } finally {
    closeSync(fd);
    rmSync(dir, { recursive: true });
  }
});

test.skipIf(!existsSync("/dev/full"))("lines that a full disk does not take are counted", () => {
  const fd = openSync("/dev/full", "w");
  try {
    const sink = createSink(Object.assign(stream(false), { fd }), {});
    expect([sink.line("one"), sink.line("two"), sink.lost]).toEqual([false, false, 2]);
  } finally {
    closeSync(fd);
  }
});

test.each([
  [true, {}, true],
  [false, {}, false],
  [true, { NO_COLOR: "1" }, false],
  [true, { NO_COLOR: "" }, true],
  [true, { TERM: "dumb" }, false],
  [false, { FORCE_COLOR: "1" }, true],
  [true, { FORCE_COLOR: "0" }, false],
])("colour on a terminal (%s) with %j: %s", (isTTY, env, wanted) => {
  expect(createSink(stream(isTTY), env).color).toBe(wanted);
});
