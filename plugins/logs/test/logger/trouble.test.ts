import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "@elpis/testing";
import { describe, expect, it } from "vitest";
import { linesOf, place } from "./support.ts";

/** A folder that cannot be one, because a file has its name. */
function block(dir: string): { readonly dir: string; free(): void } {
  const blocked = join(dir, "blocked");
  writeFileSync(blocked, "");
  return { dir: blocked, free: () => rmSync(blocked) };
}

describe("a file that cannot be written", () => {
  it("costs nothing but memory, within a bound; what is more is counted, and told at its place", async () => {
    const { dir, troubles, logger } = await place();
    const blocked = block(dir);
    const log = logger({ dir: blocked.dir, buffer: "4kb" });
    log.info({ n: -1 });
    await waitFor(() => troubles.length > 0, { what: "it to be told" });
    for (let n = 0; n < 1000; n++) log.info({ n });
    expect(log.lost).toBeGreaterThan(900);
    const { lost } = log;
    blocked.free();
    await log.flush();
    log.info({ n: 1000 });
    expect(await log.flush()).toBe(true);
    const lines = linesOf(log.path);
    const numbers = lines.map(({ n }) => n).filter((n) => n !== undefined);
    expect(numbers).toEqual([...Array.from({ length: 1001 - lost }, (_, at) => at - 1), 1000]);
    expect(lines.at(-2)).toMatchObject({ lost, level: 30 });
    expect(log.lost).toBe(lost);
    expect(troubles.map(({ code }) => code)).toEqual(["ELPIS_LOGS_UNWRITABLE"]);
  });

  it("does not keep close waiting, and what is lost by that is told", async () => {
    const { dir, troubles, logger } = await place();
    const log = logger({ dir: block(dir).dir });
    for (let n = 0; n < 5; n++) log.info({ n });
    const flushed = log.flush();
    await log.close();
    expect(await flushed).toBe(false);
    expect(log.lost).toBe(5);
    const codes = troubles.map(({ code }) => code);
    expect(codes).toEqual(["ELPIS_LOGS_UNWRITABLE", "ELPIS_LOGS_LINES_LOST"]);
    expect(troubles.at(-1)?.details).toMatchObject({ lines: 5 });
  });
});

describe("a file that somebody else takes away", () => {
  it("is made anew within a second, when it was moved or removed", async () => {
    const { logger } = await place();
    const log = logger();
    log.info({ n: 1 });
    await log.flush();
    renameSync(log.path, `${log.path}.moved`);
    await waitFor(
      () => {
        log.info({ n: 2 });
        return readFileSync(log.path, "utf8") !== "";
      },
      { what: "a new file" },
    );
    await log.flush();
    const all = [...linesOf(`${log.path}.moved`), ...linesOf(log.path)];
    expect(all.length).toBeGreaterThan(1);
    rmSync(log.path);
    await waitFor(
      () => {
        log.info({ n: 3 });
        return readFileSync(log.path, "utf8").includes('"n":3');
      },
      { what: "another new file" },
    );
  });

  it("is not cut by what stands in it without an end", async () => {
    const { dir, logger } = await place();
    appendFileSync(join(dir, "web.log"), "half a li");
    const log = logger();
    log.info({ n: 1 });
    await log.flush();
    const [half, line] = readFileSync(log.path, "utf8").split("\n");
    expect([half, JSON.parse(line ?? "").n]).toEqual(["half a li", 1]);
  });
});

describe("rotation by this process alone", () => {
  it("puts the file aside before it is larger than it may be, and keeps so many", async () => {
    const { dir, logger } = await place();
    const log = logger({ type: "size", maxFileSize: "2kb", maxFiles: 3 });
    for (let n = 0; n < 100; n++) {
      log.info({ n }, "x".repeat(50));
      if (n % 7 === 0) await log.flush();
    }
    await log.close();
    const names = ["web.log.3", "web.log.2", "web.log.1", "web.log"];
    const texts = names.map((name) => readFileSync(join(dir, name), "utf8"));
    expect(texts.every((text) => text.length <= 2048)).toBe(true);
    const numbers = names.flatMap((name) => linesOf(join(dir, name)).map(({ n }) => n as number));
    expect(numbers).toEqual(
      Array.from({ length: numbers.length }, (_, at) => 100 - numbers.length + at),
    );
    expect(numbers.length).toBeGreaterThan(30);
  });

  it("gives each span of time a file", async () => {
    const { dir, logger } = await place();
    const log = logger({ type: "date", every: "second", compress: true });
    let n = 0;
    const names = await waitFor(
      async () => {
        log.info({ n: n++ });
        await log.flush();
        const found = (await import("node:fs")).readdirSync(dir);
        return found.filter((name) => /\.\d{4}-\d\d-\d\d_[\d-]{8}\.gz$/.test(name)).length > 1;
      },
      { what: "two files of seconds", intervalMs: 50 },
    );
    expect(names).toBe(true);
  });
});
