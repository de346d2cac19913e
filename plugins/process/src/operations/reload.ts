import { processStopped } from "../errors.ts";
import type { Heir, Replaced, Slot } from "../family/slot.ts";
import type { ExitCause } from "../supervise/exit.ts";
import { tryOut } from "./canary.ts";
import type { OperationContext } from "./context.ts";
import type { Replacement } from "./types.ts";
import type { ReloadWish, Target } from "./wish.ts";

interface Done {
  readonly slot: Slot;
  readonly replaced: Replaced;
}

/**
 * Replaces instances, some at a time: each old one leaves when its new one is ready. When one does not get ready, those
 * that were replaced by another definition are replaced back, and the error is thrown.
 *
 * @throws ELPIS_PROCESS_NOT_READY, ELPIS_PROCESS_CANARY_FAILED, ELPIS_PROCESS_STOPPED
 */
export async function reload(wish: ReloadWish, context: OperationContext): Promise<Replacement[]> {
  const done: Done[] = [];
  try {
    if (wish.canary !== undefined) {
      for (const { slot, replaced } of await tryOut(wish, wish.canary, context)) {
        done.push({ slot, replaced });
        await replaced.gone;
      }
    }
    for (const target of wish.targets) {
      await target.pool.inTurn(() => reloadPool(target, wish.cause, done, context));
    }
  } catch (error) {
    await goBack(done, context);
    throw error;
  }
  for (const { pool, definition, release } of wish.targets) pool.adopt(definition, release);
  return done.map(({ replaced }) => replaced.replacement);
}

/** The instances of a target that are still to be replaced. What somebody has stopped stays stopped. */
function pending(target: Target, done: readonly { readonly slot: Slot }[]): Slot[] {
  const isDone = new Set(done.map(({ slot }) => slot));
  const { slots = target.pool.slots } = target;
  return slots.filter((slot) => !isDone.has(slot) && slot.state !== "stopped");
}

async function reloadPool(
  target: Target,
  cause: ExitCause,
  done: Done[],
  context: OperationContext,
): Promise<void> {
  const { definition, release } = target;
  const heir: Heir = { definition, release, cause };
  const { batch, overlap } = definition.reload;
  const slots = pending(target, done);
  for (let at = 0; at < slots.length; at += batch) {
    refuse(context, `The reload of ${definition.name}`);
    const some = slots.slice(at, at + batch);
    const results = await Promise.allSettled(
      some.map(async (slot) => {
        const replaced = overlap
          ? await slot.replace(heir)
          : await slot.exchange(heir, context.isNow);
        done.push({ slot, replaced });
      }),
    );
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    // The next ones begin when these have left: so there are never more than a batch too many.
    await Promise.all(done.slice(-some.length).map(({ replaced }) => replaced.gone));
  }
}

/** What did not hold for all holds for nobody, where there is something else to go back to. */
async function goBack(done: readonly Done[], context: OperationContext): Promise<void> {
  for (const { slot, replaced } of [...done].reverse()) {
    const { definition, release } = replaced.before;
    // The same definition would only start the same files once more.
    if (release.version === slot.current.release.version || context.stopping.aborted) continue;
    const heir: Heir = { definition, release, cause: "asked" };
    try {
      const { gone } = definition.reload.overlap
        ? await slot.replace(heir)
        : await slot.exchange(heir, context.isNow);
      await gone;
    } catch (error) {
      context.log.error(`${slot.title} could not be taken back to version ${release.version}`, {
        error: String(error),
      });
    }
  }
}

function refuse({ stopping }: OperationContext, what: string): void {
  if (stopping.aborted) throw processStopped(what);
}
