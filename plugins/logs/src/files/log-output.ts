import { stat } from "node:fs/promises";
import { type Appended, AppendFile, type FileModes } from "./append-file.ts";
import { isMissing } from "./aside.ts";
import { Ghost } from "./ghost.ts";
import { putAside } from "./put-aside.ts";
import { decideRotation } from "./rotation.ts";
import { spanOf } from "./spans.ts";
import type { RotationPolicy } from "./types.ts";

const LINE_BREAK = 10;
const LOOK_MS = 1000;
/** How long a rotation that failed is not tried again. */
const ROTATION_PAUSE_MS = 5000;

/** What {@link LogOutput} needs. */
export interface LogOutputOptions extends FileModes {
  readonly path: string;
  readonly rotation: RotationPolicy;
  readonly now: () => number;
  /** It was put aside, or could not be. */
  readonly onRotated: (target: string) => void;
  readonly onRotationFailed: (error: unknown) => void;
}

/**
 * The file that lines go to: opened when it is needed, put aside when it is time, opened anew when somebody else has
 * taken it away. One call at a time. What fails is told; nothing is tried again here.
 */
export class LogOutput {
  readonly #options: LogOutputOptions;
  #file: AppendFile | undefined;
  #bytes = 0;
  #span: number | undefined;
  /** The last bytes in the file are the begin of a line, whose rest comes next. */
  #isMidLine = false;
  #ghost: Ghost | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #bytesSeen = 0;
  #noRotationBefore = Number.NEGATIVE_INFINITY;
  #inode: number | undefined;
  #closing: Promise<void> = Promise.resolve();

  constructor(options: LogOutputOptions) {
    this.#options = options;
  }

  /** What a new file belongs to: lines may wait for the next day before there is one. */
  beginAt(nowMs: number): void {
    const { every } = this.#options.rotation;
    if (every !== undefined) this.#span ??= spanOf(every, nowMs);
  }

  /** Writes lines, or the first of them: as many as the file may hold. What is written of them are whole lines. */
  async append(bytes: Buffer): Promise<Appended> {
    try {
      if (performance.now() - this.#lookedAt >= LOOK_MS) await this.#lookForFile();
      const failed = await this.#appendGhost();
      if (failed !== undefined) return failed;
      const part = await this.#fitting(bytes);
      return await this.#write(await this.#ready(), part);
    } catch (error) {
      return { written: 0, error };
    }
  }

  /** Looks whether it is time to put the file aside, and whether it is still there. Never throws. */
  async look(nowMs: number): Promise<void> {
    // What was never written is not made.
    if (this.#inode === undefined) return;
    try {
      await this.#lookForFile();
      await this.#ready();
      await this.#appendGhost();
    } catch {
      // Told when there is something to write.
      return;
    }
    if (this.#mayRotate()) await this.#turn(nowMs);
  }

  /** Puts the file aside, whatever the time and its size. Never throws. */
  async rotate(): Promise<string | undefined> {
    try {
      await this.#lookForFile();
      await this.#ready();
    } catch {
      return undefined;
    }
    return await this.#putAside(this.#span);
  }

  /** Closes the file; what is at its path is opened when something is to be written. */
  async reopen(): Promise<void> {
    this.#letGo();
    await this.#ready().catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.#appendGhost().catch(() => undefined);
    this.#letGo();
    this.#ghost?.close();
    await this.#closing;
  }

  /** The open file. @throws what the file system refuses */
  async #ready(): Promise<AppendFile> {
    if (this.#file !== undefined) return this.#file;
    const { path, rotation, now } = this.#options;
    const file = await AppendFile.open(path, this.#options);
    this.#file = file;
    this.#bytes = file.isRegular ? file.opened.size : 0;
    this.#sawFile();
    const isStrange = this.#bytes > 0 && file.opened.ino !== this.#inode;
    this.#inode = file.opened.ino;
    if (rotation.every !== undefined && (isStrange || this.#span === undefined)) {
      // A file that somebody else began, or an earlier run, belongs to the time when it was last written.
      this.#span = spanOf(rotation.every, isStrange ? file.opened.mtimeMs : now());
    }
    if (!this.#isMidLine && !(await file.endsLine())) {
      // A kill has cut it off. What follows is another line.
      const { error } = await this.#write(file, Buffer.from("\n"));
      if (error !== undefined) throw error;
    }
    if (this.#bytes > 0 && this.#mayRotate()) await this.#turn(now());
    return this.#file ?? (await this.#ready());
  }

  async #write(file: AppendFile, bytes: Buffer): Promise<Appended> {
    const { written, error } = await file.append(bytes);
    this.#bytes += written;
    if (error === undefined) {
      this.#isMidLine = false;
      return { written };
    }
    const kept = written === 0 ? 0 : await this.#cutTorn(file, bytes, written);
    this.#letGo();
    return { written: kept, error };
  }

  /** Nobody knows when the rest of a line that did not fit can be written: until then its begin is not there either. */
  async #cutTorn(file: AppendFile, bytes: Buffer, written: number): Promise<number> {
    const whole = bytes.lastIndexOf(LINE_BREAK, written - 1) + 1;
    if (whole === written) return written;
    try {
      const { size } = await file.stats();
      // Where somebody else writes, too, theirs are not ours to cut.
      if (!file.isRegular || size !== this.#bytes) throw new Error("cannot be cut");
      await file.truncate(size - (written - whole));
      return whole;
    } catch {
      this.#isMidLine = true;
      return written;
    }
  }

  /** The part of what comes that belongs into this file; another one is begun for it when nothing does. */
  async #fitting(bytes: Buffer): Promise<Buffer> {
    const { maxBytes } = this.#options.rotation;
    const file = await this.#ready();
    if (maxBytes === undefined || !file.isRegular || this.#isMidLine) return bytes;
    const room = maxBytes - this.#bytes;
    if (bytes.length <= room) return bytes;
    const fits = room > 0 ? bytes.lastIndexOf(LINE_BREAK, room - 1) + 1 : 0;
    if (fits > 0) return bytes.subarray(0, fits);
    const first = bytes.subarray(0, bytes.indexOf(LINE_BREAK) + 1 || bytes.length);
    const state = { bytes: this.#bytes, span: this.#span };
    const decision = decideRotation({ maxBytes }, state, this.#options.now(), first.length);
    if (decision.act !== "rotate") return first;
    // Lines are more than a limit: what cannot be put aside grows on.
    if (!this.#mayRotate()) return bytes;
    const target = await this.#putAside(decision.span);
    return target === undefined ? bytes : await this.#fitting(bytes);
  }

  #mayRotate(): boolean {
    return performance.now() >= this.#noRotationBefore && this.#file?.isRegular !== false;
  }

  async #turn(nowMs: number): Promise<void> {
    const state = { bytes: this.#bytes, span: this.#span };
    const decision = decideRotation(this.#options.rotation, state, nowMs);
    if (decision.act === "rekey") this.#span = decision.span;
    if (decision.act === "rotate") await this.#putAside(decision.span);
  }

  /** @param next the span of the file that takes its place */
  async #putAside(next: number | undefined): Promise<string | undefined> {
    if (this.#isMidLine || this.#file?.isRegular !== true) return undefined;
    const { path, rotation: policy, onRotated, onRotationFailed } = this.#options;
    try {
      const target = await putAside({ path, policy, span: this.#span });
      if (target === undefined) return undefined;
      if (policy.mode === "rename") this.#letGo();
      this.#bytes = 0;
      this.#span = next;
      this.#sawFile();
      onRotated(target);
      return target;
    } catch (error) {
      this.#noRotationBefore = performance.now() + ROTATION_PAUSE_MS;
      onRotationFailed(error);
      return undefined;
    }
  }

  /** When the file was moved or removed, what comes goes to a new one. */
  async #lookForFile(): Promise<void> {
    const file = this.#file;
    this.#lookedAt = performance.now();
    if (file === undefined || !file.isRegular) return;
    const { ino, dev } = file.opened;
    const there = await stat(this.#options.path).catch((error) =>
      // What cannot be looked at may be there.
      isMissing(error) ? undefined : file.opened,
    );
    if (there !== undefined && there.ino === ino && there.dev === dev) {
      // Somebody may have emptied it.
      if (there !== file.opened) this.#bytes = there.size;
      return this.#sawFile();
    }
    const { nlink } = await file.stats();
    this.#file = undefined;
    // Lines that went into a file that had no name any more are written again.
    if (nlink === 0 && this.#ghost === undefined) this.#ghost = new Ghost(file, this.#bytesSeen);
    else this.#closeLater(file);
  }

  #sawFile(): void {
    this.#lookedAt = performance.now();
    this.#bytesSeen = this.#bytes;
  }

  async #appendGhost(): Promise<Appended | undefined> {
    while (this.#ghost !== undefined) {
      const bytes = await this.#ghost.read();
      if (bytes.length === 0) {
        this.#ghost = undefined;
        break;
      }
      const { written, error } = await this.#write(await this.#ready(), bytes);
      this.#ghost.wrote(written);
      if (error !== undefined) return { written: 0, error };
    }
    return undefined;
  }

  #letGo(): void {
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) this.#closeLater(file);
  }

  /** Lines do not wait until the disk has all of a file that they do not go to. */
  #closeLater(file: AppendFile): void {
    this.#closing = Promise.all([this.#closing, file.close()]).then(() => undefined);
  }
}
