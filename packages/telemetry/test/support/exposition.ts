/** Longest that the labels of an exemplar may be together. */
const MAX_EXEMPLAR = 128;

/** An exemplar as a scraper reads it; when it was in seconds since 1970. */
interface ReadExemplar {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly time: number;
}

/** A sample as a scraper reads it. */
interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly exemplar: ReadExemplar | undefined;
}

/** What a scraper reads. */
export interface Scrape {
  readonly types: ReadonlyMap<string, string>;
  readonly samples: readonly Sample[];
}

const SAMPLE = /^([a-zA-Z_][a-zA-Z0-9_]*)(?:\{(.*?)\})? (\S+)(?: # \{(.*)\} (\S+) (\S+))?$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;

/** Reads the text formats by their grammar, and throws where they break it. */
export function parseScrape(text: string, isOpen: boolean): Scrape {
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  const seen = new Set<string>();
  const lines = text.split("\n");
  if (lines.pop() !== "") throw new Error("does not end with a line end");
  if (isOpen && lines.pop() !== "# EOF") throw new Error("does not end with # EOF");
  let family = "";
  let lower = Number.NEGATIVE_INFINITY;
  for (const line of lines) {
    const head = /^# (HELP|TYPE|UNIT) (\S+) (.*)$/.exec(line);
    if (head !== null) {
      const [, what, name = "", rest = ""] = head;
      if (what === "TYPE" && types.has(name)) throw new Error(`${name} has two types`);
      if (what === "TYPE") types.set(name, rest);
      if (what === "UNIT" && !name.endsWith(`_${rest}`)) throw new Error(`${name} in ${rest}`);
      family = name;
      continue;
    }
    const found = SAMPLE.exec(line);
    if (found === null) throw new Error(`not a sample: ${line}`);
    const [, name = "", labelText = "", value = "", ...rest] = found;
    if (!name.startsWith(family)) throw new Error(`${name} below ${family}`);
    const labels = parseLabels(labelText);
    const key = `${name}${JSON.stringify(Object.entries(labels).toSorted())}`;
    if (seen.has(key)) throw new Error(`twice: ${key}`);
    seen.add(key);
    const exemplar = parseExemplar(rest);
    const upper = name.endsWith("_bucket") ? toNumber(labels.le ?? "") : Number.NaN;
    if (exemplar !== undefined) checkExemplar(exemplar, { name, isOpen, lower, upper });
    lower = upper < Number.POSITIVE_INFINITY ? upper : Number.NEGATIVE_INFINITY;
    samples.push({ name, labels, value: toNumber(value), exemplar });
  }
  return { types, samples };
}

function parseExemplar([labels, value, time]: readonly (string | undefined)[]):
  | ReadExemplar
  | undefined {
  if (labels === undefined) return undefined;
  return { labels: parseLabels(labels), value: toNumber(value ?? ""), time: toNumber(time ?? "") };
}

/** Only counters and buckets have them, and a bucket only of its own values. */
function checkExemplar(
  { labels, value }: ReadExemplar,
  at: {
    readonly name: string;
    readonly isOpen: boolean;
    readonly lower: number;
    readonly upper: number;
  },
): void {
  const { name, isOpen, lower, upper } = at;
  const length = Object.entries(labels).flat().join("").length;
  const isOwn = name.endsWith("_total") || (value > lower && value <= upper);
  if (!isOpen || !isOwn || length > MAX_EXEMPLAR) {
    throw new Error(`not an exemplar of ${name} from ${lower} to ${upper}: ${value}`);
  }
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const found = LABEL.exec(text);
    if (found === null) throw new Error(`not labels: ${text}`);
    const [, name = "", value = ""] = found;
    if (name in labels) throw new Error(`two labels ${name}: ${text}`);
    labels[name] = value.replaceAll(/\\(.)/g, (_, escaped) => (escaped === "n" ? "\n" : escaped));
  }
  return labels;
}

function toNumber(text: string): number {
  if (text === "+Inf") return Number.POSITIVE_INFINITY;
  const value = Number(text);
  if (Number.isNaN(value)) throw new Error(`not a number: ${text}`);
  return value;
}
