import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** What a process runs that has services and nothing else: the built file, whether this is `src/` (tests) or `dist/`. */
export function servicesEntry(): string {
  const built = fileURLToPath(new URL("./services-entry.js", import.meta.url));
  if (existsSync(built)) return built;
  return fileURLToPath(new URL("../../dist/services-entry.js", import.meta.url));
}
