import { closeSync, openSync, readFileSync } from "node:fs";
import { devNull } from "node:os";

/** So many that came at once can still be told why they are refused. */
const SIZE = 8;
/** The system gives the lowest number that is free: below the limit by this much, none is short. */
const MARGIN = 64;

/**
 * Descriptors that are kept open for nothing. When the process has no others left they are given up one by one, so that
 * whoever connects then can be accepted and told so; without them the system would take the connection and drop it.
 */
export class FdReserve {
  readonly #held: number[] = [];
  readonly #limit = descriptorLimit();

  /**
   * Whether the process still has descriptors to spare. When it has not, one of the reserve becomes free.
   * @param newest the descriptor that was given last, where it is known: a low one needs no further look
   */
  check(newest: number | undefined): boolean {
    if (process.platform === "win32") return true;
    const isLow = newest !== undefined && newest >= 0 && newest < this.#limit - MARGIN;
    if (isLow && this.#held.length === SIZE) return true;
    if (this.#fill() && this.#open(closeSync)) return true;
    const fd = this.#held.pop();
    if (fd !== undefined) closeSync(fd);
    return false;
  }

  close(): void {
    for (const fd of this.#held.splice(0)) closeSync(fd);
  }

  #fill(): boolean {
    while (this.#held.length < SIZE) {
      if (!this.#open((fd) => this.#held.push(fd))) return false;
    }
    return true;
  }

  #open(use: (fd: number) => void): boolean {
    try {
      use(openSync(devNull, "r"));
      return true;
    } catch {
      return false;
    }
  }
}

/** How many descriptors this process may have; 0 where the system does not say. */
function descriptorLimit(): number {
  try {
    const limits = readFileSync("/proc/self/limits", "utf8");
    return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
