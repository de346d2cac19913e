import { type Fields, isTexts } from "./fields.ts";
import type { ProbeDefinition, ProbeTarget } from "./types.ts";

const TARGETS = ["http", "tcp", "exec", "hub"];

/** Reads the probe at `key`; undefined when there is none, or none that can be used. */
export function readProbe(
  parent: Fields,
  key: string,
  defaultIntervalMs: number,
): ProbeDefinition | undefined {
  const fields = parent.inner(key, "an object with http, tcp, exec or hub");
  if (fields === undefined) return undefined;
  fields.only([...TARGETS, "interval", "timeout", "failures"]);
  const given = TARGETS.filter((name) => fields.raw(name) !== undefined);
  if (given.length !== 1) {
    const got = given.length === 0 ? "none" : given.join(" and ");
    fields.problem(`expected exactly one of ${TARGETS.join(", ")}, got ${got}`);
    return undefined;
  }
  const target = readTarget(fields, given[0] as string);
  if (target === undefined) return undefined;
  return {
    ...target,
    intervalMs: fields.duration("interval", defaultIntervalMs, 1),
    timeoutMs: fields.duration("timeout", 1000, 1),
    failures: fields.integer("failures", 1, 3),
  };
}

function readTarget(fields: Fields, key: string): ProbeTarget | undefined {
  const found = fields.raw(key);
  if (key === "http") {
    if (typeof found === "string" && /^https?:$/.test(protocolOf(found))) {
      return { kind: "http", url: found };
    }
    fields.wrong(key, 'a URL, such as "http://127.0.0.1:3000/health"');
  } else if (key === "tcp") {
    const target = toTcp(found);
    if (target !== undefined) return target;
    fields.wrong(key, 'a port from 1 to 65535, or "host:port"');
  } else if (key === "exec") {
    if (isTexts(found) && found.length > 0 && found[0] !== "") {
      return { kind: "exec", command: found };
    }
    fields.wrong(key, "an array of texts that begins with a program");
  } else {
    if (typeof found === "string" && found !== "") return { kind: "hub", topic: found };
    fields.wrong(key, "the name of a topic");
  }
  return undefined;
}

function protocolOf(url: string): string {
  try {
    return new URL(url).protocol;
  } catch {
    return "";
  }
}

function toTcp(found: unknown): ProbeTarget | undefined {
  const [, host = "127.0.0.1", digits = ""] =
    /^(?:\[?([^\]]+?)\]?:)?(\d{1,5})$/.exec(String(found)) ?? [];
  const port = Number(digits);
  const isText = typeof found === "number" || typeof found === "string";
  return isText && digits !== "" && port >= 1 && port <= 65_535
    ? { kind: "tcp", host, port }
    : undefined;
}
