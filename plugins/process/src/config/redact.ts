/** What stands in place of a secret. */
export const HIDDEN = "(hidden)";

const WORDS: ReadonlySet<string> = new Set([
  ...["password", "passwd", "passphrase", "pass", "pwd", "secret", "secrets", "token", "tokens"],
  ...["key", "keys", "credential", "credentials", "auth", "authorization", "cookie", "private"],
  ...["dsn", "salt", "signature", "session"],
]);
const PARTS = /password|passwd|secret|token|apikey|credential|privatekey|accesskey/i;

/** Whether a value with that name is likely to be a secret: `DB_PASSWORD`, `apiKey`, `auth`; not `KEYBOARD` or `author`. */
export function isSecretName(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .split(/[^a-zA-Z0-9]+/)
    .map((word) => word.toLowerCase());
  return words.some((word) => WORDS.has(word)) || PARTS.test(name.replace(/[^a-zA-Z0-9]/g, ""));
}

/** Variables of an environment with the values blanked that are likely to be secrets, also inside of URLs. */
export function redactEnv(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const pairs = Object.entries(env).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    pairs.map(([name, value]) => [name, redactText(name, value as string)]),
  );
}

/** A value with everything blanked that its name, or the name of a key in it, says is a secret; plain data. */
export function redact(name: string, value: unknown): unknown {
  if (typeof value === "string") return redactText(name, value);
  if (isSecretName(name) && value !== undefined && typeof value !== "boolean") return HIDDEN;
  if (Array.isArray(value)) return value.map((item) => redact(name, item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, redact(key, one)]));
}

function redactText(name: string, value: string): string {
  if (value !== "" && isSecretName(name)) return HIDDEN;
  // The password of `scheme://user:password@host`, and options such as `--token=…`.
  return value
    .replace(/(\w+:\/\/[^\s:/@]*:)[^\s@]+(?=@)/g, `$1${HIDDEN}`)
    .replace(/(?<=^|\s)(--?[\w-]+)=(\S+)/g, (all: string, option: string) =>
      isSecretName(option) ? `${option}=${HIDDEN}` : all,
    );
}
