import { usageError } from "../../errors.ts";

/** What `elpis scale` was given: `[app] web=+2 jobs=1`. */
export interface ScaleItems {
  readonly app: string | undefined;
  readonly scale: Readonly<Record<string, number | string>>;
}

/** Reads the words behind `scale`. Whether a number makes sense for a process is the master's to say. @throws ELPIS_CLI_USAGE */
export function readScaleItems(words: readonly string[]): ScaleItems {
  const [first = ""] = words;
  const app = words.length > 0 && !first.includes("=") ? first : undefined;
  const scale: Record<string, number | string> = Object.create(null) as Record<string, never>;
  for (const word of app === undefined ? words : words.slice(1)) {
    const [, name = "", wanted = ""] = /^([^=]+)=([+-]?\d{1,4})$/.exec(word) ?? [];
    if (name === "") throw usageError(`${word}: expected such as web=4, web=+2 or web=-1`);
    if (name in scale) throw usageError(`${name} is there twice; say once how many`);
    scale[name] = /^[+-]/.test(wanted) ? wanted : Number(wanted);
  }
  if (Object.keys(scale).length === 0) {
    throw usageError("nothing to scale; name processes and numbers, as in: elpis scale web=+2");
  }
  return { app, scale: { ...scale } };
}
