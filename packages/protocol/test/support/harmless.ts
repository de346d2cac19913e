import { ElpisError } from "@elpis/api";

const CLASSES: ReadonlySet<unknown> = new Set([Object, Array, Map, Set, Date, Buffer, ElpisError]);

/** Fails for a value in which there is more than bodies may hold; the mark of the byte c1 is as good as a plain object. */
export function expectHarmless(value: unknown): void {
  if (typeof value === "function" || typeof value === "symbol") throw new Error("not a value");
  if (value === null || typeof value !== "object") return;
  const made = (Object.getPrototypeOf(value) as object).constructor;
  if (!CLASSES.has(made) && made.name !== "C1Type") {
    throw new Error(`a ${made.name} was built`);
  }
  if (value instanceof Map) for (const pair of value) expectHarmless(pair);
  else if (value instanceof Set) for (const element of value) expectHarmless(element);
  else if (!ArrayBuffer.isView(value))
    for (const field of Object.values(value)) expectHarmless(field);
}
