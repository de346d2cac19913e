import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { asidesOf, compressAsides, type RotationPolicy, recover } from "@elpis/logs/files";
import { seeded, tempDir } from "@elpis/testing";
import { expect, test } from "vitest";

const WRITER = fileURLToPath(new URL("fixtures/writer.mjs", import.meta.url));
const ROUNDS = 20;

/** Lets a process write and rotate, and kills it at a random moment. @returns up to which number all lines are safe */
function writeUntilKilled(
  path: string,
  rotation: RotationPolicy,
  afterMs: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [WRITER, JSON.stringify({ path, rotation })], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let told = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (told === "") setTimeout(() => child.kill("SIGKILL"), afterMs);
      told += text;
    });
    child.once("error", reject);
    child.once("close", () =>
      resolve(Number(told.slice(0, told.lastIndexOf("\n")).split("\n").at(-1))),
    );
  });
}

async function textOf(path: string): Promise<string> {
  const bytes = await readFile(path).catch(() => Buffer.alloc(0));
  return (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
}

test("a kill at any moment loses no line that was safe, and doubles none", async () => {
  await using temp = await tempDir();
  const random = seeded(7);
  let rotations = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const dir = join(temp.path, `${round}`);
    await mkdir(dir);
    const path = join(dir, "web.log");
    const rotation: RotationPolicy = {
      every: random.pick([undefined, "second"] as const),
      maxBytes: random.pick([2000, 20_000]),
      mode: random.pick(["rename", "truncate"] as const),
      compress: random.pick([true, true, false]),
      keep: {},
    };
    const what = `round ${round}: ${JSON.stringify(rotation)}`;
    const safe = await writeUntilKilled(path, rotation, random.int(250));
    await recover(path);
    await compressAsides(path);
    const left = readdirSync(dir).filter((name) => /\.(tmp|copied)$/.test(name));
    expect(left, what).toEqual([]);
    const files = (await asidesOf(path)).reverse();
    rotations += files.length;
    const texts = await Promise.all([...files.map((one) => one.path), path].map(textOf));
    // What has no end is the very last line, or none.
    expect(
      texts.slice(0, -1).every((text) => text.endsWith("\n")),
      what,
    ).toBe(true);
    const numbers = [...texts.join("").matchAll(/^line (\d+) (x*)\n/gm)].map(([, n, xs]) => {
      expect(xs?.length, `${what}: ${n} is whole`).toBe(Number(n) % 50);
      return Number(n);
    });
    expect(numbers.length, what).toBeGreaterThanOrEqual(safe);
    const wrongAt = numbers.findIndex((n, at) => n !== at);
    expect(wrongAt, `${what}: ${numbers.slice(wrongAt - 2, wrongAt + 3)}`).toBe(-1);
  }
  expect(rotations).toBeGreaterThan(ROUNDS);
});
