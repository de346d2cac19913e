import { readFileSync } from "node:fs";
import type { ProcessDefinition } from "../../config/types.ts";
import { diagnosisFailed } from "../../errors.ts";
import type { InspectorLines } from "./inspector-lines.ts";
import { InspectorSession } from "./inspector-session.ts";

/** The process that is looked into. */
export interface Patient {
  /** For a person: `web.1`. */
  readonly label: string;
  readonly pid: number;
  /** Fed with every line that it writes to stderr. */
  readonly lines: InspectorLines;
  /** See {@link isInspectable}: others would be ended by the signal that opens an inspector. */
  readonly isNode: boolean;
}

/** An inspector that listens. */
export interface OpenInspector {
  readonly url: string;
  /** It was opened by this call. */
  readonly isNew: boolean;
}

/** Whether a process opens its inspector when it is sent the signal for it, as far as its definition tells. */
export function isInspectable({
  entry,
  nodeArgs,
}: Pick<ProcessDefinition, "entry" | "nodeArgs">): boolean {
  const options = [...nodeArgs, process.env.NODE_OPTIONS ?? ""].join(" ");
  return entry !== undefined && !options.includes("--disable-sigusr1");
}

/** Bit of SIGUSR1 in the masks of the kernel. */
const SIGUSR1_BIT = 1n << 9n;
const OPEN_BOUND_MS = 2000;

/**
 * Opens the inspector of a running Node process on a port of this machine, also when its event loop is blocked; for one that
 * is open already, tells where.
 *
 * @throws ELPIS_PROCESS_DIAGNOSIS
 */
export async function openInspector(
  patient: Patient,
  boundMs: number = OPEN_BOUND_MS,
): Promise<OpenInspector> {
  const { label, pid, lines, isNode } = patient;
  if (lines.url !== undefined) return { url: lines.url, isNew: false };
  const obstacle = isNode ? obstacleOf(pid) : "it is not a Node process";
  if (obstacle !== undefined) throw diagnosisFailed(label, obstacle);
  const release = lines.use();
  try {
    const told = lines.next(boundMs);
    process.kill(pid, "SIGUSR1");
    const url = await told;
    if (url !== undefined) return { url, isNew: true };
  } catch (error) {
    throw diagnosisFailed(label, `its inspector cannot be opened (${String(error)})`, error);
  } finally {
    release();
  }
  throw diagnosisFailed(label, `its inspector did not open within ${boundMs} ms`);
}

/** Opens the inspector and begins a conversation. Whoever has opened it closes it with {@link closeInspector}. */
export async function enterInspector(
  patient: Patient,
  boundMs: number = OPEN_BOUND_MS,
): Promise<{ readonly session: InspectorSession; readonly isNew: boolean }> {
  const endMs = performance.now() + boundMs;
  const first = await openInspector(patient, boundMs);
  try {
    return { session: await enter(first.url, endMs), isNew: first.isNew };
  } catch (error) {
    if (first.isNew) throw diagnosisFailed(patient.label, "its inspector does not answer", error);
  }
  // It was open once, and the application has closed it.
  patient.lines.forget();
  const second = await openInspector(patient, Math.max(1, Math.ceil(endMs - performance.now())));
  try {
    return { session: await enter(second.url, endMs), isNew: true };
  } catch (error) {
    throw diagnosisFailed(patient.label, "its inspector does not answer", error);
  }
}

/**
 * Closes the inspector once the event loop turns, however late that is. Not at once: of the ways in which the signal reaches
 * a blocked loop one is left over, and would open it again with the next turn.
 */
const CLOSE_EXPRESSION = `new Promise((done) => {
  setImmediate(() => setImmediate(() => done(process.getBuiltinModule("node:inspector").close())));
})`;

/**
 * Ends the conversation after `boundMs` at most; the inspector is closed when it was not open before. `isBlocked`: that will
 * be done, and is not waited for.
 */
export async function closeInspector(
  patient: Patient,
  { session, isNew }: { readonly session: InspectorSession; readonly isNew: boolean },
  { boundMs, isBlocked = false }: { readonly boundMs: number; readonly isBlocked?: boolean },
): Promise<void> {
  if (isNew) {
    const wish = { expression: CLOSE_EXPRESSION, awaitPromise: !isBlocked };
    // Closing it may end the conversation before there is an answer.
    await session.call("Runtime.evaluate", wish, boundMs).catch(() => {});
    patient.lines.forget();
  }
  session.close();
}

function enter(url: string, endMs: number): Promise<InspectorSession> {
  return InspectorSession.open(url, Math.max(1, Math.ceil(endMs - performance.now())));
}

/** Why a process must not be sent the signal that opens an inspector: it would end one that does not expect it. */
function obstacleOf(pid: number): string | undefined {
  if (process.platform === "win32") return "this needs signals, which Windows does not have";
  if (process.platform !== "linux") return undefined;
  try {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    const [, state = ""] = /^State:\s+(\S)/m.exec(status) ?? [];
    const [, caught = "0"] = /^SigCgt:\s+([0-9a-f]+)/m.exec(status) ?? [];
    if (state === "T" || state === "t") return "it is stopped";
    if (state === "Z" || state === "X") return "it has ended";
    if ((BigInt(`0x${caught}`) & SIGUSR1_BIT) === 0n) return "it does not listen to SIGUSR1";
    return undefined;
  } catch {
    return "it is gone, or belongs to another user";
  }
}
