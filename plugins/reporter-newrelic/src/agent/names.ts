import type { Point } from "@elpis/api";

/** Of the whole name, as the agent sends it. */
const NAME_CHARS = 255;
/** What the agent puts in front. */
const AGENT_PREFIX = "Custom/";

/** What parts a series from others, for an agent without tags; undefined when the name is too long. */
export function metricName(
  point: Point,
  tags: readonly string[],
  prefix: string,
): string | undefined {
  const { app, name: process, index } = point.source;
  const all: Readonly<Record<string, unknown>> = { ...point.tags, app, process, index };
  const parts = tags
    .filter((tag) => Object.hasOwn(all, tag) && all[tag] !== undefined)
    .map((tag) => `/${escaped(tag)}:${escaped(all[tag])}`);
  const name = prefix + point.name + parts.join("");
  return AGENT_PREFIX.length + name.length > NAME_CHARS ? undefined : name;
}

/** A slash parts a name into categories there. */
function escaped(value: unknown): string {
  return String(value).replaceAll("%", "%25").replaceAll("/", "%2F");
}
