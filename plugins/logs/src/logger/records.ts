const LINE_BREAK = 10;
const BLANK = 32;

/** How many lines of a log `bytes` holds; one that begins with a blank goes on with the one before it. */
export function linesIn(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_BREAK); at >= 0; at = bytes.indexOf(LINE_BREAK, at + 1)) {
    if (bytes[at + 1] !== BLANK) count += 1;
  }
  return count;
}
