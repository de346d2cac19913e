import { setPriority } from "node:os";
import type { ProcessDefinition } from "../config/types.ts";
import { type ControlGroup, type GroupPlaces, limitByGroup } from "./cgroup.ts";

/** What became of one limit. */
type LimitOutcome =
  | { readonly what: "nice" | "limits"; readonly applied: true }
  | { readonly what: "nice" | "limits"; readonly applied: false; readonly why: string };

/** Whom it is about. */
export interface LimitedProcess {
  readonly app: string;
  readonly index: number;
  readonly pid: number;
}

/** The limits that hold a process. */
export interface AppliedLimits {
  /** One for each that the definition asks for. */
  readonly outcomes: readonly LimitOutcome[];
  /** To be called when the process is gone. */
  release(): void;
}

/** Asks the system to hold a process, just started, to its priority and limits. What cannot be had is told, not thrown. */
export function applySystemLimits(
  definition: Pick<ProcessDefinition, "name" | "nice" | "limits">,
  { app, index, pid }: LimitedProcess,
  places?: GroupPlaces,
): AppliedLimits {
  const { name, nice, limits } = definition;
  let group: ControlGroup | undefined;
  const outcomes: LimitOutcome[] = [];
  if (nice !== undefined) outcomes.push(attempt("nice", () => setPriority(pid, nice)));
  if (limits?.memoryBytes !== undefined || limits?.cpu !== undefined) {
    // With its pid: of one instance an old and a new process may run side by side.
    const path = ["elpis", app, `${name}.${index}.${pid}`];
    outcomes.push(
      attempt("limits", () => {
        group = limitByGroup(pid, path, limits, places);
      }),
    );
  }
  return { outcomes, release: () => group?.remove() };
}

function attempt(what: LimitOutcome["what"], task: () => void): LimitOutcome {
  try {
    task();
    return { what, applied: true };
  } catch (error) {
    return { what, applied: false, why: error instanceof Error ? error.message : String(error) };
  }
}
