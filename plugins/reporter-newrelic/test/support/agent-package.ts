import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { TestContext } from "vitest";

const require = createRequire(import.meta.url);

/** The folder of the installed `newrelic`; skips the test, with a line, where there is none. */
export function agentPackage(context: TestContext): string {
  try {
    return dirname(require.resolve("newrelic/package.json"));
  } catch {
    const reason = "newrelic is not installed";
    if (process.env.ELPIS_REQUIRE_SERVICES === "1") throw new Error(reason);
    console.log(`skipped: ${reason}`);
    return context.skip(reason);
  }
}

/** The version that a folder of a package has. */
export function versionOf(folder: string): string {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version as string;
}
