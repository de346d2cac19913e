import type { Appended } from "../files/append-file.ts";

/** A file that lines go to. One call at a time. */
export interface Output {
  /** Writes lines, or the first of them. Never rejects. */
  append(bytes: Buffer): Promise<Appended>;
  /** Called about each second: whether the file is still there, and whether it is time to put it aside. Never rejects. */
  look(nowMs: number): Promise<void>;
  /** Opens what is at the path by now. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}
