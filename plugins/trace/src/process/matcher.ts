/** Whether a text fits one of some patterns, in which `*` stands for anything. */
export function matcherOf(patterns: readonly string[]): (text: string) => boolean {
  if (patterns.length === 0) return () => false;
  const all = new RegExp(`^(?:${patterns.map(sourceOf).join("|")})$`);
  return (text) => all.test(text);
}

function sourceOf(pattern: string): string {
  return pattern
    .split("*")
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join(".*");
}
