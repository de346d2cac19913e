import { redact } from "@elpis/api";

/** Variables of an environment with the values blanked that are likely to be secrets, also inside of URLs. */
export function redactEnv(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const pairs = Object.entries(env).filter(([, value]) => value !== undefined);
  return Object.fromEntries(pairs.map(([name, value]) => [name, redact(value, name) as string]));
}
