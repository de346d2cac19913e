import type { Vitals } from "../../status.ts";
import { InspectorSession } from "./inspector-session.ts";
import { closeInspector, enterInspector, type Patient } from "./open-inspector.ts";
import { type ProcFacts, readProcFacts } from "./proc-facts.ts";
import { ReportFolder } from "./report-folder.ts";
import { readStack, type StackFacts } from "./stack.ts";

/** What is known of the process beforehand. */
export interface HungSubject {
  readonly app: string;
  readonly process: string;
  readonly index: number;
  /** Why it is looked into, for a person. */
  readonly cause: string;
  readonly vitals: Vitals | undefined;
  /** What it has written last. */
  readonly lastLines: readonly string[];
}

/** What is written about a process that is hung. */
export interface HungReport extends HungSubject {
  readonly pid: number;
  /** ISO 8601. */
  readonly time: string;
  /** What its main thread was doing; absent when it could not be asked, and then `noStack` says why. */
  readonly stack?: StackFacts["stack"];
  readonly heap?: StackFacts["heap"];
  readonly noStack?: string;
  readonly system: ProcFacts;
}

/** How long the looking may take, in milliseconds: a replacement waits for it. */
const BOUND_MS = 350;
const CLOSE_BOUND_MS = 50;

/**
 * Finds out what a process that does not answer is doing, writes it into `dir`, and resolves with the path of the file.
 * A blocked event loop shows its stack; of everything else there is what the system tells.
 *
 * @throws ELPIS_HUB_UNSAFE_DIR, and what the system says when the file cannot be written
 */
export async function writeHungReport(
  dir: string,
  patient: Patient,
  subject: HungSubject,
  boundMs: number = BOUND_MS,
): Promise<string> {
  const report = await makeHungReport(patient, subject, boundMs);
  const text = `${JSON.stringify(report, undefined, 2)}\n`;
  const { process: name, index } = subject;
  return new ReportFolder(dir).write(
    { kind: "hung", process: name, index, pid: patient.pid },
    text,
  );
}

/** As {@link writeHungReport}, without writing it. */
async function makeHungReport(
  patient: Patient,
  subject: HungSubject,
  boundMs: number,
): Promise<HungReport> {
  // First, as it is before anybody has disturbed it.
  const system = readProcFacts(patient.pid);
  const time = new Date().toISOString();
  await InspectorSession.prepare();
  const found = await lookInside(patient, boundMs);
  return { ...subject, pid: patient.pid, time, ...found, system };
}

async function lookInside(
  patient: Patient,
  boundMs: number,
): Promise<Pick<HungReport, "stack" | "heap" | "noStack">> {
  const endMs = performance.now() + boundMs;
  const release = patient.lines.use();
  try {
    const entered = await enterInspector(patient, boundMs);
    try {
      return await readStack(entered.session, Math.max(1, Math.ceil(endMs - performance.now())));
    } finally {
      // It may yet recover, and then it closes it.
      await closeInspector(patient, entered, { boundMs: CLOSE_BOUND_MS, isBlocked: true });
    }
  } catch (error) {
    return { noStack: error instanceof Error ? error.message : String(error) };
  } finally {
    release();
  }
}
