import type { Options } from "tsup";
import { library } from "../../tsup.base.ts";

const bootstrapDir = "boot";

const builds: Options[] = [
  {
    // Started by path: what a process runs that has services only, and what reads a configuration.
    ...library(["src/index.ts", "src/services.ts", "src/services-entry.ts", "src/evaluator.ts"]),
    clean: [`!${bootstrapDir}/**`],
  },
  {
    // The first module of every process, started by path too. It holds the parts of the hub that a worker needs, and
    // nothing else of it: every file and every function that is not there is memory and time, in each worker.
    ...library(["src/bootstrap.ts"]),
    outDir: `dist/${bootstrapDir}`,
    noExternal: [/^@elpis\//],
    minifyWhitespace: true,
    clean: ["!loyal.*"],
  },
  {
    // What those load besides that survive their master. By itself: parts that it shared with the file above would become a
    // third file, which every process would have to load.
    ...library([]),
    entry: { loyal: "src/survive/loyal.ts" },
    outDir: `dist/${bootstrapDir}`,
    noExternal: [/^@elpis\//],
    splitting: false,
    clean: false,
  },
];

export default builds;
