import { processStopped } from "../errors.ts";
import type { Crew } from "../family/crew.ts";
import type { Release } from "../family/family.ts";
import type { OperationContext } from "./context.ts";
import { reload } from "./reload.ts";
import type { PlanStep } from "./types.ts";

/** What is to become true. */
export interface Convergence {
  readonly steps: readonly PlanStep[];
  readonly release: Release;
  readonly crew: Crew;
}

/**
 * Carries out a plan. Additions, changes and scalings in start order, removals last. A process that is new and does not
 * get ready is taken away again; what was done before it stays done.
 *
 * @throws ELPIS_PROCESS_NOT_READY, ELPIS_PROCESS_STOPPED
 */
export async function converge(wanted: Convergence, context: OperationContext): Promise<void> {
  const { steps, release, crew } = wanted;
  for (const step of steps) {
    if (context.stopping.aborted) throw processStopped("The application of the configuration");
    await take(step, wanted, context);
  }
  for (const definition of release.app.processes) {
    crew.pool(definition.name)?.adopt(definition, release);
  }
}

async function take(
  step: PlanStep,
  { release, crew }: Convergence,
  context: OperationContext,
): Promise<void> {
  const definition = release.app.processes.find(({ name }) => name === step.process);
  const pool = crew.pool(step.process);
  if (step.action === "add") {
    if (definition === undefined) return;
    const added = crew.add(definition, release);
    await added.start().catch(async (error: unknown) => {
      await added.stop(context.isNow);
      crew.remove(added);
      throw error;
    });
  } else if (pool === undefined) return;
  else if (step.action === "remove") {
    crew.dropPorts(pool);
    pool.feedAll({ type: "retire" });
    await pool.stop(context.isNow);
    crew.remove(pool);
  } else if (step.action === "scale") await pool.scaleTo(step.to, context.isNow);
  else if (definition !== undefined) {
    await reload({ targets: [{ pool, definition, release }], cause: "asked" }, context);
  }
}
