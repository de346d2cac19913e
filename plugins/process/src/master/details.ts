import { redactEnv } from "../config/redact.ts";
import type { Slot } from "../family/slot.ts";
import type { ProcessDetails } from "../operations/types.ts";
import type { Version } from "../operations/versions.ts";

/** Everything about one instance, for a person. */
export function details(slot: Slot, versions: readonly Version[]): ProcessDetails {
  const { current } = slot;
  const { entry, command, args, nodeArgs, cwd, env, ...rest } = current.definition;
  const { name: _, role: __, order: ___, scale: ____, ...policy } = rest;
  return {
    app: current.release.app.name,
    status: slot.status(),
    ...(entry !== undefined && { entry }),
    ...(command !== undefined && { command }),
    args,
    nodeArgs,
    cwd,
    env: redactEnv(env),
    policy,
    ports: slot.ports,
    lastLines: current.lastLines,
    versions: [...versions].reverse().map(({ version, at, good }) => ({ version, at, good })),
  };
}
