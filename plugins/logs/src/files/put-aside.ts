import { rename, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { asidesOf, isMissing } from "./aside.ts";
import { copyAndEmpty } from "./copy.ts";
import { asideName, nextOfSpan, shiftsFor } from "./names.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { settleCopies } from "./recover.ts";
import { spanName } from "./spans.ts";
import type { RotationPolicy } from "./types.ts";

/** A file that is put aside. */
export interface PutAside {
  /** The file that is written. */
  readonly path: string;
  readonly policy: Pick<RotationPolicy, "every" | "mode">;
  /** The span that its lines belong to, as `spanOf` gives it; needed where the policy has `every`. */
  readonly span?: number | undefined;
}

/**
 * Puts a file aside: `web.log` becomes `web.log.1` and those that are there move up by one, or, where the policy has
 * spans, `web.log.2026-11-26`, and `.2026-11-26.1` when that is there already. No step replaces a file, and none that is
 * cut short by a kill loses one. Whoever writes to it has to wait meanwhile, and, in the mode `rename`, to open it anew.
 *
 * @returns what it is called now; undefined when there is nothing to put aside
 * @throws what the file system refuses; the file is as it was then
 */
export function putAside({ path, policy, span }: PutAside): Promise<string | undefined> {
  return oneAtATime(path, async () => {
    await settleCopies(path);
    if (!(await hasBytes(path))) return undefined;
    const target = await freeName(path, policy, span);
    if (policy.mode === "truncate") await copyAndEmpty(path, target);
    else await rename(path, target);
    return target;
  });
}

async function hasBytes(path: string): Promise<boolean> {
  try {
    return (await stat(path)).size > 0;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** A name for a file that is put aside; those that are in its way move up. Only within `oneAtATime`. */
export async function freeName(
  path: string,
  { every }: Pick<RotationPolicy, "every">,
  span: number | undefined,
): Promise<string> {
  const [dir, base] = [dirname(path), basename(path)];
  const present = await asidesOf(path);
  if (every !== undefined && span !== undefined) {
    return join(dir, asideName(base, nextOfSpan(spanName(every, span), present)));
  }
  for (const index of shiftsFor(present)) {
    for (const file of present.filter((one) => one.span === undefined && one.index === index)) {
      const to = asideName(base, { span: undefined, index: index + 1 });
      await rename(file.path, join(dir, file.isCompressed ? `${to}.gz` : to));
    }
  }
  return join(dir, asideName(base, { span: undefined, index: 1 }));
}
