import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The file that an app seems to begin with. */
export interface Entry {
  /** Relative to the project, with `./` before it. */
  readonly file: string;
  /** Whether it is there. */
  readonly isSure: boolean;
}

const USUAL = ["server", "app", "index", "main"].flatMap((name) =>
  ["", "src/"].flatMap((dir) => ["ts", "js", "mjs"].map((ending) => `${dir}${name}.${ending}`)),
);

/** Looks for what the project begins with: `main` of its package, else a file with a usual name. */
export function guessEntry(dir: string): Entry {
  const found = [mainOf(dir), ...USUAL].find(
    (file) => file !== undefined && existsSync(join(dir, file)),
  );
  const file = (found ?? "server.js").replace(/^\.\//, "");
  return { file: `./${file}`, isSure: found !== undefined };
}

function mainOf(dir: string): string | undefined {
  try {
    const { main } = JSON.parse(readFileSync(join(dir, "package.json"), "utf8")) as {
      main?: unknown;
    };
    return typeof main === "string" && main !== "" ? main : undefined;
  } catch {
    return undefined;
  }
}

/** A config for an app that begins with `entry`. Pure. */
export function configSource(entry: string): string {
  return `import { defineConfig } from "elpis";

export default defineConfig({
  processes: {
    // One for each processor, on one port. Ready when it listens.
    web: { entry: ${JSON.stringify(entry)}, scale: "auto", ready: "listen" },
  },
});
`;
}

/** The same as a procfile. Pure. */
export function procfileSource(entry: string): string {
  return `module.exports = function (elpis) {
  // One for each processor, on one port.
  elpis.process("web").scale("auto").ready("listen").entry(${JSON.stringify(entry)});
};
`;
}
