/** What moves a cursor, colours, or makes two lines of one. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** A text of somebody else as a terminal may show it: in one line, and nothing in it is a command. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (one) => {
    if (one === "\n" || one === "\r" || one === "\t") return " ";
    return `\\u${(one.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
  });
}
