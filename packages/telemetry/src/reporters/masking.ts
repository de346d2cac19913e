import { HIDDEN, isSecretName, redact } from "@elpis/api";

/** Shorter ones would blank words that have nothing to do with them. */
const MIN_SECRET_CHARS = 4;
const MAX_DEPTH = 8;

/** Blanks the secrets among a reporter's options wherever they turn up in a text, and what looks like one. */
export function maskOf(options: unknown): (text: string) => string {
  const secrets = [...secretsIn(options, false, 0)].sort((a, b) => b.length - a.length);
  return (text) => {
    let masked = text;
    for (const secret of secrets) masked = masked.replaceAll(secret, HIDDEN);
    return String(redact(masked));
  };
}

function* secretsIn(value: unknown, isSecret: boolean, depth: number): Generator<string> {
  if (typeof value === "string") {
    if (isSecret && value.length >= MIN_SECRET_CHARS) yield* [value, encodeURIComponent(value)];
  } else if (typeof value === "object" && value !== null && depth < MAX_DEPTH) {
    for (const [key, one] of Object.entries(value)) {
      yield* secretsIn(one, isSecret || isSecretName(key), depth + 1);
    }
  }
}
