import { badArgument } from "../logger/errors.ts";
import type { SharedFilesEdges } from "./edges.ts";
import { checkPlace } from "./place.ts";
import { isAmount, readPolicy, type SharedPolicy } from "./policy.ts";
import { SharedFile } from "./shared-file.ts";
import type { Registration } from "./topics.ts";

/** One file that several processes write, as it is now; plain data. */
export interface SharedFileStatus {
  readonly path: string;
  readonly writers: readonly string[];
  /** Undefined: nobody writes it any more. */
  readonly policy: SharedPolicy | undefined;
  /** How often it was put aside. */
  readonly rotations: number;
  /** How many of the files that were put aside may still be written, and are neither compressed nor removed. */
  readonly held: number;
}

/** A file that was put aside because it was asked for. */
export interface Rotated {
  readonly path: string;
  /** Its new name; undefined when there was nothing in it, or it failed. */
  readonly aside: string | undefined;
}

/**
 * The one rotator of an application: puts aside the files that several of its processes write, each of them once,
 * whoever has registered it. What goes in and out is plain data, so it may live in a process of its own.
 */
export interface SharedFilesLike {
  /**
   * A writer writes a file, or still does.
   *
   * @returns the path without a link in it, as writers will be asked about it
   * @throws ELPIS_LOGS_BAD_ARGUMENT, ELPIS_LOGS_NOT_A_FILE, ELPIS_LOGS_UNSAFE_DIR
   */
  register(writer: string, registration: Registration): Promise<string>;
  /** A writer is gone, or writes that file no more. @param path @default all that it writes */
  forget(writer: string, path?: string): void | Promise<void>;
}

interface Registering {
  readonly writer: string;
  readonly path: string;
  isOver: boolean;
}

/** See {@link SharedFilesLike}. */
export class SharedFiles implements SharedFilesLike {
  readonly #edges: Required<SharedFilesEdges>;
  readonly #files = new Map<string, SharedFile>();
  readonly #opening = new Map<string, Promise<SharedFile>>();
  /** Registrations under way, that a writer's end is to end. */
  readonly #registering = new Set<Registering>();
  #isClosed = false;

  constructor(edges: SharedFilesEdges) {
    this.#edges = {
      ...edges,
      now: edges.now ?? Date.now,
      monotonicNow: edges.monotonicNow ?? (() => performance.now()),
    };
  }

  async register(writer: string, registration: Registration): Promise<string> {
    const wanted = read(registration);
    const registering: Registering = { writer, path: registration.path, isOver: false };
    this.#registering.add(registering);
    try {
      const path = await checkPlace(registration.path);
      const file = await this.#file(path);
      if (!registering.isOver && !this.#isClosed) file.register(writer, wanted);
      return path;
    } finally {
      this.#registering.delete(registering);
    }
  }

  forget(writer: string, path?: string): void {
    for (const one of this.#registering) {
      const isMeant = path === undefined || one.path === path;
      if (one.writer === writer && isMeant) one.isOver = true;
    }
    for (const file of this.#files.values()) {
      if (path === undefined || file.path === path) file.forget(writer);
    }
  }

  /** To be called about each second. Never rejects. */
  async tick(): Promise<void> {
    if (this.#isClosed) return;
    await Promise.all([...this.#files.values()].map((file) => file.tick()));
    for (const [path, file] of this.#files) if (file.isOver) this.#files.delete(path);
  }

  /**
   * Puts a file aside now, and waits until its writers have been asked to open it anew.
   *
   * @param path @default all
   */
  rotate(path?: string): Promise<Rotated[]> {
    const files = [...this.#files.values()].filter(
      (file) => path === undefined || file.path === path,
    );
    return Promise.all(
      files.map(async (file) => ({ path: file.path, aside: await file.rotate() })),
    );
  }

  status(): SharedFileStatus[] {
    return [...this.#files.values()].map(({ path, writers, policy, rotations, held }) => {
      return { path, writers, policy, rotations, held };
    });
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await Promise.all([...this.#files.values()].map((file) => file.settled()));
  }

  /** Waits for what is under way. What is not compressed by then, the next rotator compresses. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#opening.values());
    await Promise.all([...this.#files.values()].map((file) => file.close()));
    this.#files.clear();
  }

  async #file(path: string): Promise<SharedFile> {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const opening = this.#opening.get(path) ?? this.#open(path);
    this.#opening.set(path, opening);
    try {
      return await opening;
    } finally {
      this.#opening.delete(path);
    }
  }

  async #open(path: string): Promise<SharedFile> {
    const file = new SharedFile(path, this.#edges);
    await file.open();
    this.#files.set(path, file);
    return file;
  }
}

/** What another process says is not taken as it is. */
function read(registration: Registration): SharedPolicy {
  const policy = readPolicy(registration?.policy);
  if (policy === undefined) throw badArgument("policy", "a policy of rotation", "none");
  const { lookMs } = registration;
  if (!isAmount(lookMs)) throw badArgument("lookMs", "a number of milliseconds", lookMs);
  return { policy, lookMs };
}
