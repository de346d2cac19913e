import { stat } from "node:fs/promises";
import { asidesOf, isMissing } from "../files/aside.ts";
import { compressAsides } from "../files/compress.ts";
import { oneAtATime } from "../files/one-at-a-time.ts";
import { prune } from "../files/prune.ts";
import { freeName, putAside } from "../files/put-aside.ts";
import { recover } from "../files/recover.ts";
import type { RotationPolicy } from "../files/types.ts";
import { GrowingCopy } from "./copy.ts";

/** What is done to a file that several processes write, and to those that were put aside of it. */
export class FileSteps {
  readonly #path: string;
  /** Files that writers may have open, by inode: the round in which they were put aside. */
  readonly #held = new Map<number, number>();
  #copy: GrowingCopy | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** How many of the files that were put aside may not be touched yet. */
  get held(): number {
    return this.#held.size;
  }

  /** Mends what an earlier rotator has left. What it had put aside belongs to the round 0. */
  async recover(): Promise<void> {
    await recover(this.#path);
    for (const { inode, isCompressed } of await asidesOf(this.#path)) {
      if (!isCompressed) this.#held.set(inode, 0);
    }
  }

  /** How large it is, and when its first line was written, in milliseconds since 1970; that is a guess. */
  async look(
    mode: RotationPolicy["mode"],
  ): Promise<{ readonly bytes: number; readonly begunMs: number | undefined }> {
    try {
      const { size: bytes, mtimeMs, birthtimeMs } = await stat(this.#path);
      // A file that is emptied was made long ago. Where a file system does not tell it, it is 0.
      const bornMs = mode === "rename" && birthtimeMs > 0 ? birthtimeMs : mtimeMs;
      return { bytes, begunMs: bytes > 0 ? Math.min(bornMs, mtimeMs) : undefined };
    } catch (error) {
      if (!isMissing(error)) throw error;
      return { bytes: 0, begunMs: undefined };
    }
  }

  /** Gives it another name. @returns that; undefined when there was nothing */
  async putAside(
    round: number,
    policy: RotationPolicy,
    span: number | undefined,
  ): Promise<string | undefined> {
    const inode = await stat(this.#path).then(
      ({ ino }) => ino,
      () => undefined,
    );
    // Before it has a name under which it could be compressed.
    if (inode !== undefined) this.#held.set(inode, round);
    let aside: string | undefined;
    try {
      aside = await putAside({ path: this.#path, policy, span });
    } finally {
      if (inode !== undefined && aside === undefined) this.#held.delete(inode);
    }
    return aside;
  }

  /** Copies what is there. @returns whether that was anything */
  async copy(): Promise<boolean> {
    await this.dropCopy();
    this.#copy = await GrowingCopy.begin(this.#path);
    return this.#copy !== undefined;
  }

  /** Copies the rest, and empties the file. @returns the name of the copy; undefined when it was not allowed to */
  async empty(
    policy: RotationPolicy,
    span: number | undefined,
    mayEmpty: () => boolean,
  ): Promise<string | undefined> {
    const copy = this.#copy;
    return await oneAtATime(this.#path, async () => {
      const target = await freeName(this.#path, policy, span);
      await copy?.catchUp();
      return copy?.emptyNow(target, mayEmpty) === true ? target : undefined;
    });
  }

  async dropCopy(): Promise<void> {
    const copy = this.#copy;
    this.#copy = undefined;
    await copy?.end();
  }

  /** Compresses and removes what the policy says, of what nobody can have open any more. */
  async tidy(
    rounds: readonly number[],
    { compress, keep }: RotationPolicy,
    nowMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    for (const [inode, round] of this.#held) if (rounds.includes(round)) this.#held.delete(inode);
    const isSpared = ({ inode }: { readonly inode: number }): boolean => this.#held.has(inode);
    // First what is too much: it does not have to be compressed.
    await prune(this.#path, keep, nowMs, isSpared);
    if (compress) await compressAsides(this.#path, signal, isSpared);
  }
}
