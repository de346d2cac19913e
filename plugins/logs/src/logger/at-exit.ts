import type { Off } from "@elpis/api";

/** Something that still has lines to write. */
export interface Unwritten {
  /** Writes them now; never throws. */
  writeRest(): void;
}

/** One listener for all of them: Node warns of many. */
const unwritten = new Set<Unwritten>();

/** Has what a writer holds written when the process ends in whatever way leaves time for it. */
export function writeAtExit(writer: Unwritten): Off {
  if (unwritten.size === 0) process.on("exit", writeAll);
  unwritten.add(writer);
  return () => {
    if (unwritten.delete(writer) && unwritten.size === 0) process.off("exit", writeAll);
  };
}

function writeAll(): void {
  for (const writer of unwritten) writer.writeRest();
}
