import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { ElpisHome } from "../support/elpis.ts";

const DIR = fileURLToPath(new URL("./fixtures/loggers", import.meta.url));

test("lines of loggers, and promises of Bluebird, are of the trace in which they are made", async () => {
  const home = await ElpisHome.create();
  onTestFinished(() => home.remove());
  const run = home.spawn(["run", DIR]);
  await run.printed("loggers is up");
  for (const form of ["esm", "cjs"]) {
    const lines = run
      .stdout()
      .split("\n")
      .filter((line) => line.startsWith(`${form}.0`));
    const [, id = "none"] = /trace ([0-9a-f]{32})$/m.exec(lines.join("\n")) ?? [];
    for (const name of ["pino", "winston", "bunyan", "log4js", "bluebird"]) {
      const line = lines.find((one) => one.includes(`line of ${name}`));
      expect(line, `${form}: ${name}`).toContain(id);
    }
  }
});
