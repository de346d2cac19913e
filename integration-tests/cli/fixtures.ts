import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Writes an application into a directory: file name -> text. */
export async function writeApp(
  dir: string,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  for (const [name, text] of Object.entries(files)) {
    const file = join(dir, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  return dir;
}

/** A config in plain JavaScript that needs no package to be found. */
export function config(value: unknown): string {
  return `export default ${JSON.stringify(value, undefined, 2)};\n`;
}

/** Prints a line at its start and then ten each second. */
export const TICKER = `
console.log("hello from " + process.pid);
console.error("a warning");
let n = 0;
setInterval(() => console.log("tick " + n++), 100);
`;

/** Prints, and ends before it is ready. */
export const BROKEN = `
console.log("connecting to the database");
console.error("no such host: db.example");
process.exit(3);
`;

/** Answers with its pid on PORT. */
export const SERVER = `
import { createServer } from "node:http";
createServer((request, response) => response.end(String(process.pid)))
  .listen(Number(process.env.PORT), "127.0.0.1", () => console.log("listening"));
`;
