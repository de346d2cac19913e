import { mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "@elpis/testing";
import { beforeEach, expect, it, onTestFinished, vi } from "vitest";
import { LineWriter } from "../../src/logger/line-writer.ts";
import { SharedOutput } from "../../src/logger/shared-output.ts";
import { HOLD_MS } from "../../src/shared/times.ts";

let path: string;

beforeEach(() => {
  const dir = mkdtempSync(join(tmpdir(), "elpis-logs-"));
  path = join(dir, "web.log");
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
});

function writer(): LineWriter {
  const made = new LineWriter({
    path,
    output: new SharedOutput(path),
    bufferBytes: 4096,
    noteOf: (lines) => `${lines} missing\n`,
    onTrouble: () => {},
  });
  onTestFinished(() => made.close());
  return made;
}

const text = (file = path): string => readFileSync(file, "utf8");

it("writes nothing while it holds, and all of it after that", async () => {
  const one = writer();
  one.write("before\n");
  await one.flush();
  await one.hold();
  one.write("meanwhile\n");
  await one.look();
  expect(text()).toBe("before\n");
  // What a rotator does then.
  truncateSync(path);
  one.resume();
  await one.flush();
  expect(text()).toBe("meanwhile\n");
});

it("has written what it was at when it says that it holds", async () => {
  const one = writer();
  for (let round = 0; round < 50; round++) {
    for (let n = 0; n < 20; n++) one.write(`${round}.${n}\n`);
    await one.hold();
    const before = text();
    await new Promise((resolve) => setImmediate(resolve));
    expect(text()).toBe(before);
    one.resume();
  }
  await one.flush();
  expect(text().split("\n")).toHaveLength(1001);
});

it("goes on by itself when nobody tells it to", async () => {
  const one = writer();
  await one.hold();
  const began = performance.now();
  one.write("late\n");
  await one.flush();
  expect(text()).toBe("late\n");
  expect(performance.now() - began).toBeGreaterThan(HOLD_MS - 100);
});

it("counts what is too much while it holds", async () => {
  const one = writer();
  await one.hold();
  for (let n = 0; n < 1000; n++) one.write(`line ${n}\n`);
  expect(one.lost).toBeGreaterThan(400);
  one.resume();
  await waitFor(() => text().includes("missing"), { what: "the note" });
  const lines = text().trimEnd().split("\n");
  expect(lines.at(-1)).toBe(`${one.lost} missing`);
  expect(lines.length - 1 + one.lost).toBe(1000);
});

it("says that it has opened the file anew when nothing goes to the old one any more", async () => {
  const one = writer();
  for (let round = 0; round < 30; round++) {
    for (let n = 0; n < 20; n++) one.write(`${round}.${n}\n`);
    if (round === 0) await one.flush();
    renameSync(path, `${path}.${round}`);
    await one.reopen();
    const before = text(`${path}.${round}`);
    for (let n = 20; n < 40; n++) one.write(`${round}.${n}\n`);
    await one.flush();
    expect(text(`${path}.${round}`)).toBe(before);
  }
  const all = [...Array(30).keys()].map((round) => text(`${path}.${round}`));
  expect([...all, text()].join("").split("\n")).toHaveLength(1201);
});

it("looks whether the file has another name before it writes after a pause, as when it was frozen", async () => {
  const one = writer();
  one.write("before\n");
  await one.flush();
  const now = vi.spyOn(performance, "now");
  const real = performance.now();
  onTestFinished(() => now.mockRestore());
  renameSync(path, `${path}.1`);
  now.mockReturnValue(real + 2000);
  one.write("after\n");
  await one.flush();
  expect([text(`${path}.1`), text()]).toEqual(["before\n", "after\n"]);
});

it("goes through no link, and writes to no device", async () => {
  symlinkSync("/dev/null", path);
  const { error } = await new SharedOutput(path).append(Buffer.from("x\n"));
  expect((error as NodeJS.ErrnoException).code).toBe("ELOOP");
  await expect(new SharedOutput("/dev/null").reopen()).rejects.toMatchObject({
    code: "ELPIS_LOGS_NOT_A_FILE",
  });
});

it("writes the rest when the process ends, once", async () => {
  const one = writer();
  one.write("one\n");
  await one.flush();
  one.write("two\n");
  one.writeRest();
  await waitFor(() => text() === "one\ntwo\n", { what: "both" });
  await one.flush();
  expect(text()).toBe("one\ntwo\n");
});
