import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// One source for "which package name is which folder": the paths that the compiler uses.
const base = JSON.parse(readFileSync(new URL("./tsconfig.base.json", import.meta.url), "utf8")) as {
  compilerOptions: { paths: Record<string, [string]> };
};

const alias = Object.entries(base.compilerOptions.paths).map(([name, [file]]) => ({
  find: new RegExp(`^${name}$`),
  replacement: fileURLToPath(new URL(file, import.meta.url)),
}));

const FIGURES = ["integration-tests/reliability/*.test.ts", "integration-tests/bench/*.test.ts"];

/** What starts whole families of processes; on a machine that others share that may take three times as long as on its own. */
const whole = {
  testTimeout: 120_000,
  hookTimeout: 120_000,
  // The built packages are loaded by Node itself, as a user would load them.
  server: { deps: { external: [/\/(packages|plugins)\/[^/]+\/dist\//] } },
};

export default defineConfig({
  test: {
    maxWorkers: 2,
    maxConcurrency: 2,
    projects: [
      {
        resolve: { alias },
        test: {
          name: "unit",
          // Long histories of random events take their time on a busy machine.
          testTimeout: 60_000,
          include: ["packages/*/test/**/*.test.ts", "plugins/*/test/**/*.test.ts"],
        },
      },
      {
        resolve: { alias },
        test: {
          name: "types",
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            include: ["packages/*/test/**/*.test-d.ts", "plugins/*/test/**/*.test-d.ts"],
            tsconfig: "./tsconfig.json",
            // Errors in sources are the business of `npm run typecheck`.
            ignoreSourceErrors: true,
          },
        },
      },
      {
        test: {
          ...whole,
          name: "integration",
          include: ["integration-tests/**/*.test.ts"],
          exclude: ["**/node_modules/**", ...FIGURES],
          // After the others, and more of them than there are processors: most of what they do is to wait for processes.
          sequence: { groupOrder: 1 },
          maxWorkers: 3,
        },
      },
      {
        test: {
          ...whole,
          name: "figures",
          include: FIGURES,
          // By themselves: they measure.
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
