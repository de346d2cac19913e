import type { InspectorSession } from "./inspector-session.ts";

/** One call in a stack, innermost first. Lines and columns count from 1. */
interface Frame {
  readonly function: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What the main thread was doing. */
export interface StackFacts {
  readonly stack: readonly Frame[];
  readonly heap?: { readonly usedBytes: number; readonly totalBytes: number };
}

const MAX_FRAMES = 50;
const HEAP_BOUND_MS = 50;

interface Paused {
  readonly callFrames: readonly {
    readonly functionName: string;
    readonly url: string;
    readonly location: {
      readonly scriptId: string;
      readonly lineNumber: number;
      readonly columnNumber?: number;
    };
  }[];
}

/** Stops the main thread for a moment to see where it is, and lets it go on. Rejects when it cannot be stopped in time. */
export async function readStack(session: InspectorSession, boundMs: number): Promise<StackFacts> {
  const files = new Map<string, string>();
  session.on("Debugger.scriptParsed", (params) => {
    const { scriptId, url } = params as { scriptId: string; url: string };
    files.set(scriptId, url);
  });
  const paused = session.once<Paused>("Debugger.paused", boundMs);
  // Both are sent at once: each answer would cost a turn of somebody who has none to spare.
  const enabled = session.call("Debugger.enable", {}, boundMs);
  const asked = session.call("Debugger.pause", {}, boundMs);
  const [{ callFrames }] = await Promise.all([paused, enabled, asked]);
  const heap = await session
    .call<{ usedSize: number; totalSize: number }>("Runtime.getHeapUsage", {}, HEAP_BOUND_MS)
    .catch(() => undefined);
  await session.call("Debugger.resume", {}, HEAP_BOUND_MS).catch(() => {});
  await session.call("Debugger.disable", {}, HEAP_BOUND_MS).catch(() => {});
  return {
    stack: callFrames.slice(0, MAX_FRAMES).map(({ functionName, url, location }) => ({
      function: functionName === "" ? "(anonymous)" : functionName,
      file: url === "" ? (files.get(location.scriptId) ?? "") : url,
      line: location.lineNumber + 1,
      column: (location.columnNumber ?? 0) + 1,
    })),
    ...(heap !== undefined && { heap: { usedBytes: heap.usedSize, totalBytes: heap.totalSize } }),
  };
}
