import { HIDDEN, isSecretName, redact } from "@elpis/api";

/** Shorter ones would blank words that have nothing to do with them. */
const MIN_SECRET_CHARS = 4;
const MAX_DEPTH = 8;
/** Nobody reads more of a message; whoever looks for secrets in one must not take long. */
const MAX_CHARS = 2000;

/** Blanks the secrets among a reporter's options wherever they turn up in a text, and what looks like one. Long texts are cut. */
export function maskOf(options: unknown): (text: string) => string {
  const secrets = [...new Set(formsOfAll(options))].sort((a, b) => b.length - a.length);
  return (text) => {
    let masked = text.length > 2 * MAX_CHARS ? text.slice(0, 2 * MAX_CHARS) : text;
    for (const secret of secrets) masked = masked.replaceAll(secret, HIDDEN);
    masked = withoutBeginning(masked, secrets)
      .slice(0, MAX_CHARS)
      .replaceAll(/\b(Basic|Bearer)\s+[\w+/=.~-]{4,}/gi, `$1 ${HIDDEN}`);
    return String(redact(masked));
  };
}

/** Somebody may have cut the text in the middle of one. */
function withoutBeginning(text: string, secrets: readonly string[]): string {
  for (const secret of secrets) {
    for (let length = secret.length - 1; length >= MIN_SECRET_CHARS; length -= 1) {
      if (text.endsWith(secret.slice(0, length))) return `${text.slice(0, -length)}${HIDDEN}`;
    }
  }
  return text;
}

/** Each secret as it may be written by somebody who quotes it. */
function* formsOfAll(options: unknown): Generator<string> {
  for (const secret of secretsIn(options, false, 0)) {
    // A header may hold more than the secret: `Bearer …`.
    for (const part of [secret, ...secret.trim().split(/\s+/)]) {
      if (part.length < MIN_SECRET_CHARS || /^(basic|bearer)$/i.test(part)) continue;
      yield* [part, encodeURIComponent(part), JSON.stringify(part).slice(1, -1)];
      yield Buffer.from(part).toString("base64");
    }
  }
}

function* secretsIn(value: unknown, isSecret: boolean, depth: number): Generator<string> {
  if (typeof value === "string") {
    if (isSecret) yield value;
    yield* passwordIn(value);
  } else if (typeof value === "object" && value !== null && depth < MAX_DEPTH) {
    for (const [key, one] of Object.entries(value)) {
      yield* secretsIn(one, isSecret || isSecretName(key), depth + 1);
    }
  }
}

/** Of an address: `https://name:password@host`. */
function* passwordIn(text: string): Generator<string> {
  if (!text.includes("@") || !URL.canParse(text)) return;
  const { password } = new URL(text);
  if (password === "") return;
  yield password;
  try {
    yield decodeURIComponent(password);
  } catch {
    // It is not encoded.
  }
}
