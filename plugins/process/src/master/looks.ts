import { constants } from "node:os";
import { badSignal, diagnosisFailed } from "../errors.ts";
import type { Crew } from "../family/crew.ts";
import type { Slot } from "../family/slot.ts";
import type { ProcessDetails } from "../operations/types.ts";
import { diagnose } from "../watch/diagnosis/diagnose.ts";
import { openInspector, type Patient } from "../watch/diagnosis/open-inspector.ts";
import type { Master } from "./contract.ts";
import { details } from "./details.ts";
import { meaning, oneSlot } from "./meant.ts";
import type { Operator } from "./operator.ts";

/** What is looked into. */
export interface Looked {
  readonly pools: () => Crew["pools"];
  readonly book: () => Operator["book"];
  readonly diagnosticsDir: string;
}

/** What a master does to look into processes, and touch them, without changing what runs. */
export class Looks implements Pick<Master, "show" | "signal" | "inspect" | "diagnose"> {
  readonly #looked: Looked;

  constructor(looked: Looked) {
    this.#looked = looked;
  }

  show(process: string): ProcessDetails {
    return details(oneSlot(this.#looked.pools(), process), this.#looked.book().versions);
  }

  signal(processes: readonly string[], signal: string): readonly number[] {
    if (!Object.hasOwn(constants.signals, signal)) throw badSignal(signal);
    const units = meaning(this.#looked.pools(), processes).flatMap(({ slots }) =>
      slots.map((slot) => slot.current),
    );
    const reached = units.filter((unit) => unit.signal(signal as NodeJS.Signals));
    return reached.flatMap(({ pid }) => pid ?? []);
  }

  async inspect(process: string): ReturnType<Master["inspect"]> {
    const { patient } = this.#patient(process);
    const { url } = await openInspector(patient);
    return { pid: patient.pid, url };
  }

  async diagnose(
    ...[process, kind, options]: Parameters<Master["diagnose"]>
  ): ReturnType<Master["diagnose"]> {
    const { patient, slot } = this.#patient(process);
    const found = await diagnose(patient, {
      kind,
      dir: this.#looked.diagnosticsDir,
      process: slot.current.definition.name,
      index: slot.index,
      ...options,
    });
    return { pid: patient.pid, ...found };
  }

  #patient(process: string): { readonly patient: Patient; readonly slot: Slot } {
    const slot = oneSlot(this.#looked.pools(), process);
    const { patient } = slot.current;
    if (patient === undefined) throw diagnosisFailed(slot.title, "it does not run");
    return { patient, slot };
  }
}
