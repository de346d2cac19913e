/** Whether a text fits one of some patterns, in which `*` stands for any text. */
export function matcherOf(patterns: readonly string[]): (text: string) => boolean {
  const all = patterns.map((pattern) => pattern.split("*"));
  return (text) => all.some((parts) => fits(text, parts));
}

/** Whether a text consists of these parts with anything between them. Linear, whatever the pattern is. */
export function fits(text: string, parts: readonly string[]): boolean {
  const first = parts[0] as string;
  if (parts.length === 1) return text === first;
  const last = parts.at(-1) as string;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  const end = text.length - last.length;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= end;
}
