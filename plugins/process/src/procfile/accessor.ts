import { basename, extname } from "node:path";
import { toName } from "../config/name.ts";
import { type ProcessChain, ProcessEntry } from "./process-chain.ts";

/** What a procfile is about. */
export interface ProcfileContext {
  readonly appName: string;
  /** Directory of the procfile. */
  readonly appDir: string;
  /** Whether the application runs for development. */
  readonly dev: boolean;
}

/** What the function of a procfile is given; the parameter may have any name. */
export interface Procfile extends ProcfileContext {
  /** The process with that name, declared by the first call. Without an entry it is not started. */
  process(name: string): ProcessChain;
  /** A process that runs the given file. */
  fork(name: string, entry: string): ProcessChain;
  /** A process named after the file, as many instances as the machine can run, ready once its server listens. */
  cluster(entry: string): ProcessChain;
}

/** Gathers what a procfile declares. */
export class Declarations implements Procfile {
  readonly appName: string;
  readonly appDir: string;
  readonly dev: boolean;
  readonly #entries = new Map<string, ProcessEntry>();

  constructor(context: ProcfileContext) {
    this.appName = context.appName;
    this.appDir = context.appDir;
    this.dev = context.dev;
  }

  process(name: string): ProcessChain {
    let entry = this.#entries.get(name);
    if (entry === undefined) {
      entry = new ProcessEntry(name);
      // The workers of Pandora's default procfile fill the machine.
      if (name === "worker") entry.scale("auto");
      this.#entries.set(name, entry);
    }
    return entry;
  }

  fork(name: string, entry: string): ProcessChain {
    return this.process(name).entry(entry);
  }

  cluster(entry: string): ProcessChain {
    return this.process(this.#freeName(entry)).entry(entry).scale("auto").ready("listen");
  }

  /** The processes that are to be started. */
  *[Symbol.iterator](): Generator<ProcessEntry> {
    for (const entry of this.#entries.values()) {
      if (!entry.dropped && entry.entry() !== undefined) yield entry;
    }
  }

  #freeName(entry: string): string {
    const base = toName(basename(entry, extname(entry)), "cluster");
    let name = base;
    for (let number = 2; this.#entries.has(name) || name === "agent"; number += 1) {
      name = `${base}-${number}`;
    }
    return name;
  }
}
