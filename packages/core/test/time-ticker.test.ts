import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { Ticker } from "../src/time/ticker.ts";

/** Resolves after the event loop had time for several ticks of 1 ms. */
function severalTicks(): Promise<void> {
  return new Promise((resolve) => {
    let left = 10;
    const timer = setInterval(() => {
      if (--left > 0) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
}

describe("Ticker", () => {
  test("calls as long as it is wanted, then not any more, and begins again", async () => {
    let calls = 0;
    let done = (): void => {};
    const ticker = new Ticker(1, () => {
      calls++;
      if (calls % 3 === 0) done();
      return calls % 3 !== 0;
    });
    for (const total of [3, 6]) {
      const over = new Promise<void>((resolve) => {
        done = resolve;
      });
      ticker.want();
      ticker.want();
      await over;
      await severalTicks();
      expect(calls).toBe(total);
    }
  });

  test("does not call after it was stopped, and may be stopped twice", async () => {
    let calls = 0;
    const ticker = new Ticker(1, () => ++calls > 0);
    ticker.want();
    ticker.stop();
    ticker.stop();
    await severalTicks();
    expect(calls).toBe(0);
  });

  test("does not keep its process alive", () => {
    const source = readFileSync(new URL("../src/time/ticker.ts", import.meta.url), "utf8");
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
    });
    const program = `${outputText}\nnew Ticker(60_000, () => true).want();`;
    const { status } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
      timeout: 10_000,
    });
    expect(status).toBe(0);
  });
});
