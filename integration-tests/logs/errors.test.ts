import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ErrorRecord } from "@elpis/api";
import { expect, it, onTestFinished } from "vitest";
import { ROOT } from "../docs/blocks.ts";
import { ElpisHome } from "../support/elpis.ts";
import { until } from "../support/wait.ts";

const FILES = {
  "elpis.config.mjs": `import { appendFileSync } from "node:fs";
    import { admin } from "@elpis/admin";
    import { defineReporter, object } from "@elpis/api";
    import { metrics } from "@elpis/metrics";
    const told = defineReporter({
      name: "told",
      options: object({ file: "string" }),
      open: ({ file }) => ({
        wants: { signals: ["errors"], intervalMs: 200 },
        report: ({ errors }) => appendFileSync(file, errors.map((one) => JSON.stringify(one) + "\\n").join("")),
      }),
    });
    export default { name: "shop", processes: { web: "./web.mjs" },
      plugins: [admin(), metrics({ intervalMs: 200 }), told({ file: "./told.txt" })] };`,
  "web.mjs": `import { createLogger } from "@elpis/logs/logger";
    const log = createLogger("web", { dir: "./logs", redact: ["password"] });
    setInterval(() => {
      log.warn("all but well");
      log.child({ traceId: "abc" }).error({ password: "hunter2", err: new TypeError("no route") }, "cannot reach %s", "db");
    }, 100);`,
};

it("errors that a logger writes come up in elpis errors, and at reporters", async () => {
  const home = await ElpisHome.create();
  onTestFinished(() => home.remove());
  symlinkSync(join(ROOT, "node_modules"), join(home.dir, "node_modules"));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(home.dir, name), text);
  const { code, stderr } = await home.run(["start"]);
  expect(code, stderr).toBe(0);
  const logged = {
    ...{ process: "web", index: 0, origin: "log", errType: "TypeError", traceId: "abc" },
    ...{ message: "cannot reach db", stack: expect.stringMatching(/^TypeError: no route\n/) },
  };
  const { items } = await until("it to be known", async () => {
    const found = await home.json<{ items: ErrorRecord[] }>(["errors", "shop"]);
    return found.items.length > 0 && found;
  });
  for (const item of items) expect(item).toMatchObject(logged);
  const file = join(home.dir, "told.txt");
  const told = await until(
    "it to be reported",
    () => existsSync(file) && readFileSync(file, "utf8").trimEnd().split("\n"),
  );
  expect(JSON.parse(told[0] as string)).toMatchObject(logged);
  expect(JSON.stringify([items, told])).not.toContain("hunter2");
});
