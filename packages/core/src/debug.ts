import { format } from "node:util";

/** Writes one line of what happens inside, with values for `%s`, `%d`, `%o` as `util.format` has them. */
export type DebugLine = (message: string, ...values: unknown[]) => void;

/**
 * A stream of what happens inside, for whoever sets `DEBUG=elpis:*` (or one area of it, `-` in front leaves one out);
 * undefined otherwise, so that a call with `?.` costs nothing and its arguments are not made.
 * @example const trace = debug("hub"); trace?.("%s joined", name);
 */
export function debug(
  area: string,
  wanted: string | undefined = process.env.DEBUG,
): DebugLine | undefined {
  const name = `elpis:${area}`;
  if (!isWanted(name, wanted)) return undefined;
  let last = performance.now();
  return (message, ...values) => {
    const now = performance.now();
    const line = `${name} ${process.pid} ${format(message, ...values)} +${(now - last).toFixed(1)}ms\n`;
    last = now;
    process.stderr.write(line);
  };
}

function isWanted(name: string, wanted = ""): boolean {
  let isOn = false;
  for (const part of wanted.split(/[\s,]+/)) {
    if (part === "") continue;
    if (part.startsWith("-")) {
      if (matches(part.slice(1), name)) return false;
    } else if (matches(part, name)) isOn = true;
  }
  return isOn;
}

function matches(pattern: string, name: string): boolean {
  const source = pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replace(/\*/g, ".*");
  return new RegExp(`^${source}$`).test(name);
}
