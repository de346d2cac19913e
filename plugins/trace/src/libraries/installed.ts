import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Finds which libraries can be loaded from one of some folders, as Node looks for them: in every `node_modules` on the way up. Of a
 * store such as that of pnpm, what it has for all is known as well.
 */
export function installedFinder(
  folders: readonly string[],
  exists: (path: string) => boolean = existsSync,
): (name: string) => boolean {
  const places = new Set<string>();
  for (const folder of folders) {
    for (let dir = folder; ; dir = dirname(dir)) {
      places.add(join(dir, "node_modules"));
      places.add(join(dir, "node_modules/.pnpm/node_modules"));
      if (dirname(dir) === dir) break;
    }
  }
  const found = [...places].filter(exists);
  return (name) => found.some((place) => exists(join(place, name)));
}
