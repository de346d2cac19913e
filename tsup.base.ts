import type { Options } from "tsup";

/**
 * How every published package is bundled: JavaScript only. The declarations come from
 * `tsc -p tsconfig.build.json`, because tsup's own `dts` step does not work with TypeScript 6.
 */
export function library(entry: string[]): Options {
  return {
    entry,
    format: "esm",
    target: "node20",
    platform: "node",
    splitting: true,
    sourcemap: true,
    clean: true,
    dts: false,
    silent: true,
  };
}
