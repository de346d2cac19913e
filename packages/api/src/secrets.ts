/** What stands in place of a secret. */
export const HIDDEN = "(hidden)";

const WORDS: ReadonlySet<string> = new Set([
  ...["password", "passwd", "passphrase", "pass", "pwd", "secret", "secrets", "token", "tokens"],
  ...["key", "keys", "credential", "credentials", "auth", "authorization", "cookie", "private"],
  ...["dsn", "salt", "signature", "session"],
]);
const PARTS = /password|passwd|secret|token|apikey|credential|privatekey|accesskey/i;
/** What lies deeper in a value is left out: it may be endless. */
const MAX_DEPTH = 16;

/** Whether a value with that name is likely to be a secret: `DB_PASSWORD`, `apiKey`, `auth`; not `KEYBOARD` or `author`. */
export function isSecretName(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .split(/[^a-zA-Z0-9]+/)
    .map((word) => word.toLowerCase());
  return words.some((word) => WORDS.has(word)) || PARTS.test(name.replace(/[^a-zA-Z0-9]/g, ""));
}

/**
 * A value with everything blanked that is likely to be a secret: by its name, or that of a key in it, or inside of a URL or
 * an option. Plain data.
 */
export function redact(value: unknown, name = "", depth = 0): unknown {
  if (typeof value === "string") return redactText(value, name);
  if (depth > MAX_DEPTH) return undefined;
  if (isSecretName(name) && value !== undefined && typeof value !== "boolean") return HIDDEN;
  if (Array.isArray(value)) return redactList(value, name, depth);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, redact(one, key, depth + 1)]),
  );
}

/** `--token`, and what stands behind it, are two parts of a command line. */
function redactList(list: readonly unknown[], name: string, depth: number): unknown[] {
  return list.map((one, at) => {
    const before: unknown = list[at - 1];
    const isOption =
      typeof before === "string" && /^--?[\w-]+$/.test(before) && isSecretName(before);
    return isOption && typeof one === "string" && !one.startsWith("-")
      ? HIDDEN
      : redact(one, name, depth + 1);
  });
}

function redactText(value: string, name: string): string {
  if (value !== "" && isSecretName(name)) return HIDDEN;
  const blank = (all: string, option: string): string =>
    isSecretName(option) ? `${option}=${HIDDEN}` : all;
  // The password of `scheme://user:password@host`, options such as `--token=…`, and parameters of a URL.
  return value
    .replace(/(\b[a-z][\w+.-]{0,30}:\/\/[^\s:/@]{0,200}:)[^\s@]{1,1000}(?=@)/gi, `$1${HIDDEN}`)
    .replace(/(?<=^|\s)(--?[\w-]+)=(\S+)/g, blank)
    .replace(/(?<=[?&])([\w-]+)=([^&\s#]+)/g, blank);
}
