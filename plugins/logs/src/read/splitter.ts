import { StringDecoder } from "node:string_decoder";

/** Takes bytes and gives lines, however the bytes are cut. */
export class LineSplitter {
  readonly #decoder = new StringDecoder("utf8");
  #rest: string[] = [];

  /** The lines that end in these bytes, without their line breaks. */
  push(chunk: Buffer): string[] {
    const parts = this.#decoder.write(chunk).split("\n");
    const last = parts.pop() ?? "";
    if (parts.length === 0) {
      if (last !== "") this.#rest.push(last);
      return [];
    }
    parts[0] = this.#rest.join("") + (parts[0] ?? "");
    this.#rest = last === "" ? [] : [last];
    return parts;
  }
}
