/** A piece of code that stands in a printed value as it is. */
export class Code {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const WIDTH = 80;

/** A value as one would write it in a source file: {@link Code} as it is, and what is undefined left out. */
export function print(value: unknown, indent = ""): string {
  if (value instanceof Code) return value.text;
  if (Array.isArray(value)) {
    return wrap(
      value.map((item) => print(item, `${indent}  `)),
      "[]",
      indent,
    );
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, one]) => one !== undefined);
  const printed = fields.map(([key, one]) => {
    const text = print(one, `${indent}  `);
    const isSpread = one instanceof Code && key.startsWith("...");
    return isSpread ? `...${text}` : `${printKey(key)}: ${text}`;
  });
  return wrap(printed, "{}", indent);
}

function wrap(parts: readonly string[], brackets: string, indent: string): string {
  const [open, close] = brackets as unknown as [string, string];
  if (parts.length === 0) return brackets;
  const pad = open === "{" ? " " : "";
  const line = `${open}${pad}${parts.join(", ")}${pad}${close}`;
  if (line.length + indent.length <= WIDTH && !line.includes("\n")) return line;
  const lines = parts.map((part) => `${indent}  ${part},\n`);
  return `${open}\n${lines.join("")}${indent}${close}`;
}

function printKey(key: string): string {
  // As a literal key it would set the prototype.
  if (key === "__proto__") return '["__proto__"]';
  return /^[a-z_$][\w$]*$/i.test(key) ? key : JSON.stringify(key);
}
