import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { diagnosisFailed } from "../../errors.ts";
import type { DiagnosisKind } from "../../operations/types.ts";
import type { InspectorSession } from "./inspector-session.ts";
import { closeInspector, enterInspector, type Patient } from "./open-inspector.ts";
import { ReportFolder, type ReportSubject } from "./report-folder.ts";

/** What is wanted of which process. */
export interface DiagnosisRequest {
  readonly kind: DiagnosisKind;
  /** Folder that the file is written to. */
  readonly dir: string;
  readonly process: string;
  readonly index: number;
  /** How long is measured, for a CPU profile. @default 5000 */
  readonly durationMs?: number;
}

/** `file` is absent for `gc`. */
export interface DiagnosisResult {
  readonly file?: string;
  readonly freedBytes?: number;
}

const DURATION_MS = 5000;
const CLOSE_BOUND_MS = 2000;
/** What a process that is well answers within. */
const ANSWER_BOUND_MS = 60_000;

/**
 * Looks into a Node process that runs on, by its inspector, which is closed afterwards unless it was open before.
 *
 * @throws ELPIS_PROCESS_DIAGNOSIS
 */
export async function diagnose(
  patient: Patient,
  request: DiagnosisRequest,
): Promise<DiagnosisResult> {
  const release = patient.lines.use();
  try {
    const entered = await enterInspector(patient);
    try {
      return await run(entered.session, patient, request);
    } catch (error) {
      const why = `the ${request.kind} failed (${error instanceof Error ? error.message : String(error)})`;
      throw diagnosisFailed(patient.label, why, error);
    } finally {
      await closeInspector(patient, entered, { boundMs: CLOSE_BOUND_MS });
    }
  } finally {
    release();
  }
}

async function run(
  session: InspectorSession,
  { pid }: Patient,
  { kind, dir, process: name, index, durationMs = DURATION_MS }: DiagnosisRequest,
): Promise<DiagnosisResult> {
  if (kind === "gc") return { freedBytes: await collectGarbage(session) };
  const folder = new ReportFolder(dir);
  const subject: ReportSubject = { kind, process: name, index, pid };
  if (kind === "heap-snapshot") return { file: await writeSnapshot(session, folder, subject) };
  const text = await (kind === "report" ? makeReport(session) : makeProfile(session, durationMs));
  return { file: await folder.write(subject, text) };
}

async function makeProfile(session: InspectorSession, durationMs: number): Promise<string> {
  await session.call("Profiler.enable", {}, ANSWER_BOUND_MS);
  await session.call("Profiler.start", {}, ANSWER_BOUND_MS);
  await pause(durationMs);
  const { profile } = await session.call<{ profile: unknown }>(
    "Profiler.stop",
    {},
    ANSWER_BOUND_MS,
  );
  return JSON.stringify(profile);
}

/** The environment may have secrets, and names of peers would be looked up while the process stands still. */
const REPORT_EXPRESSION = `(() => {
  const { report } = process;
  const before = report.excludeNetwork;
  report.excludeNetwork = true;
  try {
    const { environmentVariables, ...rest } = report.getReport();
    return JSON.stringify(rest);
  } finally {
    report.excludeNetwork = before;
  }
})()`;

async function makeReport(session: InspectorSession): Promise<string> {
  const { result, exceptionDetails } = await session.call<{
    result: { value?: unknown };
    exceptionDetails?: { text: string };
  }>("Runtime.evaluate", { expression: REPORT_EXPRESSION, returnByValue: true }, ANSWER_BOUND_MS);
  if (typeof result.value === "string") return result.value;
  throw new Error(exceptionDetails?.text ?? "there was none");
}

async function collectGarbage(session: InspectorSession): Promise<number> {
  const used = async (): Promise<number> => {
    const usage = await session.call<{ usedSize: number }>(
      "Runtime.getHeapUsage",
      {},
      ANSWER_BOUND_MS,
    );
    return usage.usedSize;
  };
  const before = await used();
  await session.call("HeapProfiler.enable", {}, ANSWER_BOUND_MS);
  await session.call("HeapProfiler.collectGarbage", {}, ANSWER_BOUND_MS);
  return Math.max(0, before - (await used()));
}

/** A snapshot is as large as the heap: it goes to the file as it comes, and never faster than the disk takes it. */
async function writeSnapshot(
  session: InspectorSession,
  folder: ReportFolder,
  subject: ReportSubject,
): Promise<string> {
  const file = folder.open(subject);
  const failed = once(file.stream, "error").then(([error]) => Promise.reject(error));
  failed.catch(() => {});
  session.on("HeapProfiler.addHeapSnapshotChunk", (params) => {
    const { chunk } = params as { chunk: string };
    if (file.stream.write(chunk)) return;
    session.pause();
    file.stream.once("drain", () => session.resume());
  });
  try {
    await Promise.race([session.call("HeapProfiler.takeHeapSnapshot"), failed]);
    await Promise.race([new Promise((resolve) => file.stream.end(() => resolve(true))), failed]);
    return await file.done();
  } catch (error) {
    file.stream.destroy();
    await file.drop();
    throw error;
  }
}
