import type { KeptLine } from "@elpis/api";
import { encodeText } from "../../src/lines/encode.ts";

/** A line of web.0 whose time is its number, in seconds. */
export function line(at: number, some: Partial<KeptLine> = {}): string {
  const { process = "web", index = 0, stream = "stdout", text = `line ${at}` } = some;
  return encodeText({ time: at * 1000, process, index, pid: 1, stream, text });
}

/** Lines of that kind, as text. */
export function lines(from: number, to: number, some: Partial<KeptLine> = {}): string {
  return Array.from({ length: to - from }, (_, at) => line(from + at, some)).join("");
}

/** What such lines hold. */
export function texts(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, at) => `line ${from + at}`);
}
