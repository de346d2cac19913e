#!/usr/bin/env node
import { fileURLToPath } from "node:url";
import { processContext } from "./context.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { main } from "./main.ts";

const context = processContext(fileURLToPath(import.meta.url));

void main(process.argv.slice(2), context).then(async (code) => {
  await Promise.all([context.stdout.flush(), context.stderr.flush()]);
  // What was asked for is not done when nobody can read it.
  process.exit(
    code === EXIT_CODES.ok.code && context.stdout.lost > 0 ? EXIT_CODES.unexpected.code : code,
  );
});
