/** Paths are kept for so many times the series, as attributes may come in several orders. */
const PATHS_PER_SERIES = 4;

/** Where the attributes so far have led to. */
class Step<Leaf> {
  /** Which attribute comes next on the first path that went on from here; nearly always on all of them. */
  name: string | undefined;
  values: Map<unknown, Step<Leaf>> | undefined;
  /** Where the others go on. */
  others: Map<string, Map<unknown, Step<Leaf>>> | undefined;
  leaf: Leaf | undefined;
}

/**
 * Finds what belongs to an object of attributes without making a key of it: one look into a map for each attribute, in
 * the order in which the object has them. Which object it is does not matter, so it may be changed and used again.
 */
export class Lookup<Leaf> {
  readonly #root = new Step<Leaf>();
  readonly #maxPaths: number;
  #paths = 0;

  constructor(maxLeaves: number) {
    this.#maxPaths = maxLeaves * PATHS_PER_SERIES;
  }

  find(attributes: object): Leaf | undefined {
    let step: Step<Leaf> | undefined = this.#root;
    for (const name in attributes) {
      const value = (attributes as Record<string, unknown>)[name];
      if (value === undefined || value === null) continue;
      step =
        step.name === name
          ? (step.values as Map<unknown, Step<Leaf>>).get(value)
          : step.others?.get(name)?.get(value);
      if (step === undefined) return undefined;
    }
    return step.leaf;
  }

  /** Keeps the way to a leaf; not for attributes that could change without being other ones, such as lists. */
  keep(attributes: object, leaf: Leaf, maxChars: number): void {
    if (this.#paths >= this.#maxPaths) return;
    const entries: [string, unknown][] = [];
    for (const name in attributes) {
      const value = (attributes as Record<string, unknown>)[name];
      if (value === undefined || value === null) continue;
      if (typeof value === "object" || typeof value === "function") return;
      // What is cut is not worth the memory.
      if (name.length > maxChars || String(value).length > maxChars) return;
      entries.push([name, value]);
    }
    let step = this.#root;
    for (const [name, value] of entries) {
      const values = valuesOf(step, name);
      let next = values.get(value);
      if (next === undefined) {
        next = new Step();
        values.set(value, next);
      }
      step = next;
    }
    if (step.leaf === undefined) this.#paths++;
    step.leaf = leaf;
  }

  /** Forgets all paths. */
  clear(): void {
    this.#root.name = undefined;
    this.#root.values = undefined;
    this.#root.others = undefined;
    this.#root.leaf = undefined;
    this.#paths = 0;
  }
}

function valuesOf<Leaf>(step: Step<Leaf>, name: string): Map<unknown, Step<Leaf>> {
  if (step.values === undefined) {
    step.name = name;
    step.values = new Map();
  }
  if (step.name === name) return step.values;
  step.others ??= new Map();
  let values = step.others.get(name);
  if (values === undefined) {
    values = new Map();
    step.others.set(name, values);
  }
  return values;
}
