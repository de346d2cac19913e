const CODES = {
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
  cyan: 36,
  gray: 90,
} as const;

/** A colour of the terminal. */
export type Color = keyof typeof CODES;

const WHEEL: readonly Color[] = ["cyan", "yellow", "green", "magenta", "blue"];

/**
 * Colours `text` when colours are wanted. Not `util.styleText`: from Node 22 on that asks Node's own stdout, while
 * here the sink decides.
 */
export function paint(text: string, color: Color, wanted: boolean): string {
  return wanted ? `\u001b[${CODES[color]}m${text}\u001b[39m` : text;
}

/** The same colour for the same process each time. */
export function colorOf(name: string): Color {
  let sum = 0;
  for (const char of name) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return WHEEL[sum % WHEEL.length] ?? "cyan";
}
