import type { AppendFile } from "./append-file.ts";

const CHUNK = 256 * 1024;
const LINE_BREAK = 10;

/** A file that was removed while it was written: its last lines can be read as long as it is open. */
export class Ghost {
  readonly #file: AppendFile;
  #at: number;

  /** @param from where the lines begin that nobody has seen in a file with a name */
  constructor(file: AppendFile, from: number) {
    this.#file = file;
    this.#at = from;
  }

  /** The next lines; nothing when there are no more, and it is closed then. */
  async read(): Promise<Buffer> {
    const bytes = await this.#file.readAt(this.#at, CHUNK);
    if (bytes.length === 0) this.close();
    const end = bytes.lastIndexOf(LINE_BREAK) + 1;
    return end === 0 ? bytes : bytes.subarray(0, end);
  }

  /** So many bytes of them are safe. */
  wrote(bytes: number): void {
    this.#at += bytes;
  }

  close(): void {
    void this.#file.close();
  }
}
