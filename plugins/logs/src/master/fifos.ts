import { execFile, execFileSync } from "node:child_process";
import { closeSync, constants, mkdirSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { OutputStream } from "@elpis/api";

/** How many pairs are made ready, so that no start of a process waits for one. */
const READY = 8;

/** A pair of named pipes for one process. */
export interface Pipes {
  readonly paths: Readonly<Record<OutputStream, string>>;
  /** Both ends at once: so the pipe is never without a reader, and who writes to it never dies of that. */
  readonly fds: Readonly<Record<OutputStream, number>>;
}

/**
 * Named pipes, made ahead of time. Node has no call for it, so `mkfifo` makes them; where there is none, there are no
 * pipes. A socket would do as well, but holds some hundred short lines where a pipe holds as many bytes as fit.
 */
export class Fifos {
  readonly #dir: string;
  #ready: string[] = [];
  #count = 0;
  #isMaking = false;
  #isClosed = false;

  /** @param dir is emptied */
  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Whether this system has them. */
  start(): boolean {
    if (process.platform === "win32") return false;
    try {
      rmSync(this.#dir, { recursive: true, force: true });
      mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
      this.#makeNow();
      return true;
    } catch {
      return false;
    }
  }

  /** @throws what the system says when it has no room for them */
  take(): Pipes {
    if (this.#ready.length === 0) this.#makeNow();
    const base = this.#ready.shift() as string;
    if (this.#ready.length < READY / 2) this.#makeSoon();
    const paths = pathsOf(base);
    // What is inherited must not be closed on exec; Node sees to that. No O_NONBLOCK: not every program knows of it.
    const stdout = openSync(paths.stdout, constants.O_RDWR);
    try {
      return { paths, fds: { stdout, stderr: openSync(paths.stderr, constants.O_RDWR) } };
    } catch (error) {
      closeSync(stdout);
      throw error;
    }
  }

  close(): void {
    this.#isClosed = true;
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #next(): string[] {
    return Array.from({ length: READY }, () => join(this.#dir, String(this.#count++)));
  }

  #makeNow(): void {
    const bases = this.#next();
    execFileSync("mkfifo", argsFor(bases), { stdio: ["ignore", "ignore", "pipe"] });
    this.#ready.push(...bases);
  }

  #makeSoon(): void {
    if (this.#isMaking) return;
    this.#isMaking = true;
    const bases = this.#next();
    execFile("mkfifo", argsFor(bases), (error) => {
      this.#isMaking = false;
      // If there is really no room, whoever needs one will hear of it.
      if (error === null && !this.#isClosed) this.#ready.push(...bases);
    });
  }
}

function pathsOf(base: string): Record<OutputStream, string> {
  return { stdout: `${base}.out`, stderr: `${base}.err` };
}

function argsFor(bases: readonly string[]): string[] {
  return ["-m", "600", ...bases.flatMap((base) => Object.values(pathsOf(base)))];
}
