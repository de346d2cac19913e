import type { CatalogEntry, CatalogGroup } from "./entry.ts";
import { NODE } from "./node.ts";
import { SYSTEM } from "./system.ts";
import { OWN, TRAFFIC } from "./traffic.ts";

/** Every name that this plugin measures under, in the order of the guide. */
export const CATALOG: readonly CatalogGroup[] = [...SYSTEM, ...NODE, ...TRAFFIC, ...OWN];

/** An entry of the catalog, with its group. */
export interface Known extends CatalogEntry {
  readonly group: string;
}

/** Finds what a name means. */
export class Catalog {
  readonly #exact = new Map<string, Known>();
  readonly #patterns: { readonly pattern: RegExp; readonly known: Known }[] = [];

  constructor(groups: readonly CatalogGroup[] = CATALOG) {
    for (const { group, entries } of groups) {
      for (const entry of entries) this.#add({ ...entry, group });
    }
  }

  #add(known: Known): void {
    if (!known.name.includes("<")) {
      this.#exact.set(known.name, known);
      return;
    }
    const [before, after] = known.name.split(/<\w+>/) as [string, string];
    const pattern = new RegExp(`^${literally(before)}(.+)${literally(after)}$`);
    this.#patterns.push({ pattern, known });
  }

  /** The entry of a name; undefined: it is none of this plugin's. */
  find(name: string): Known | undefined {
    return this.#exact.get(name) ?? this.#patterns.find(({ pattern }) => pattern.test(name))?.known;
  }
}

function literally(text: string): string {
  return text.replaceAll(/[.\\+*?^$()[\]{}|]/g, "\\$&");
}
