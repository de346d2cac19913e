import type { PluginUse } from "@elpis/api";
import { onTop } from "../procfile/service-chain.ts";
import { isRecord } from "./fields.ts";

type Record_ = Readonly<Record<string, unknown>>;

/**
 * A configuration on top of another one: objects are merged key by key, plugins by their name, a function that configures
 * a service sees what was below it; everything else replaces. What is not an object is left for the check to refuse.
 */
export function mergeConfigs(below: unknown, above: unknown): unknown {
  if (!isRecord(below)) return above;
  if (!isRecord(above)) return above === undefined ? below : above;
  return mergeWith(normalized(below), normalized(above), (key, lower, upper) => {
    if (key === "plugins") return mergePlugins(lower, upper);
    if (key === "services")
      return mergeWith(lower, upper, (_, a, b) => mergeWith(a, b, mergeField));
    return mergeDeep(lower, upper);
  });
}

type Merge = (key: string, below: unknown, above: unknown) => unknown;

function mergeWith(below: unknown, above: unknown, merge: Merge): unknown {
  if (!isPlain(below) || !isPlain(above)) return above === undefined ? below : above;
  const keys = new Set([...Object.keys(below), ...Object.keys(above)]);
  return Object.fromEntries(
    [...keys].map((key) => {
      const [lower, upper] = [own(below, key), own(above, key)];
      if (upper === undefined || lower === undefined) return [key, upper ?? lower];
      return [key, merge(key, lower, upper)];
    }),
  );
}

function mergeDeep(below: unknown, above: unknown): unknown {
  return mergeWith(below, above, (_, lower, upper) => mergeDeep(lower, upper));
}

function mergeField(key: string, below: unknown, above: unknown): unknown {
  if (key === "config" && typeof above === "function") return onTop(below, above);
  return mergeDeep(below, above);
}

function mergePlugins(below: unknown, above: unknown): unknown {
  if (!Array.isArray(below) || !Array.isArray(above)) return above;
  const nameOf = (use: unknown): unknown => (use as Partial<PluginUse> | null)?.definition?.name;
  const names = new Set(above.map(nameOf));
  return [
    ...below.filter((use) => nameOf(use) === undefined || !names.has(nameOf(use) as never)),
    ...above,
  ];
}

/** Processes and services as objects also where they are given as an entry alone. */
function normalized(config: Record_): Record_ {
  const result: Record<string, unknown> = { ...config };
  for (const key of ["processes", "services"]) {
    const group = config[key];
    if (!isPlain(group)) continue;
    result[key] = Object.fromEntries(Object.entries(group).map(([name, one]) => [name, full(one)]));
  }
  if (config.agent !== undefined) result.agent = full(config.agent);
  return result;
}

function full(value: unknown): unknown {
  return typeof value === "string" || typeof value === "function" ? { entry: value } : value;
}

function own(record: Record_, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function isPlain(value: unknown): value is Record_ {
  if (!isRecord(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Of another realm as well: a configuration may come out of a loader with a world of its own.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
