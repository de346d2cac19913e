import { LEVELS, type Level } from "@elpis/telemetry";
import { badMetric } from "../errors.ts";
import { moreUrgent } from "./level.ts";

/** Tags of a metric, in the order of their names. */
export type MetricTags = Readonly<Record<string, string>>;

const DEFAULT_LEVEL: Level = "normal";

/** What a metric is called: a key, tags and a level. Does not change; what changes it gives another one. */
export class MetricName {
  /** Without key and tags. */
  static readonly EMPTY: MetricName = new MetricName("", {}, DEFAULT_LEVEL);

  readonly key: string;
  readonly tags: MetricTags;
  readonly level: Level;

  private constructor(key: string, tags: MetricTags, level: Level) {
    this.key = key;
    this.tags = tags;
    this.level = level;
    Object.freeze(this);
  }

  /** A name of parts, with dots between them; empty ones are left out. @example MetricName.build("http", "requests") */
  static build(...parts: readonly string[]): MetricName {
    return MetricName.EMPTY.resolve(...parts);
  }

  /** One name of several: keys one after another, all tags, of which later ones win, and the most urgent level. */
  static join(...names: readonly MetricName[]): MetricName {
    const [first = MetricName.EMPTY, ...others] = names;
    return others.reduce(
      (sum, one) => sum.resolve(one.key).tagged(one.tags).atLevel(moreUrgent(sum.level, one.level)),
      first,
    );
  }

  /**
   * The name that {@link toString} gave as text; a text without tags and level is a key.
   *
   * @throws ELPIS_METRICS_BAD_METRIC
   */
  static parse(text: string): MetricName {
    const [, key, tags = "", level = DEFAULT_LEVEL] =
      /^([^{}#]*)(?:\{(.*)\})?(?:#(\w+))?$/s.exec(text) ?? [];
    if (key === undefined) throw badMetric(text, 'it is not of the form key{tag="value"}#level');
    if (!LEVELS.includes(level as Level))
      throw badMetric(text, `its level is none of ${LEVELS.join(", ")}`);
    return MetricName.build(key)
      .tagged(parseTags(text, tags))
      .atLevel(level as Level);
  }

  /** The same with more parts behind its key. */
  resolve(...parts: readonly string[]): MetricName {
    const key = [this.key, ...parts].filter((part) => part !== "").join(".");
    return new MetricName(key, this.tags, this.level);
  }

  /** The same with these tags; where there is one of that name already, the new one wins. */
  tagged(tags: Readonly<Record<string, string | number | boolean>>): MetricName {
    const all = { ...this.tags };
    for (const [name, value] of Object.entries(tags)) all[name] = String(value);
    const sorted = Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1));
    return new MetricName(this.key, Object.freeze(Object.fromEntries(sorted)), this.level);
  }

  /** The same at another level. */
  atLevel(level: Level): MetricName {
    return new MetricName(this.key, this.tags, level);
  }

  /** A text that is equal for equal names, and that {@link parse} understands. */
  toString(): string {
    const tags = Object.entries(this.tags).map(
      ([name, value]) => `${JSON.stringify(name)}=${JSON.stringify(value)}`,
    );
    const level = this.level === DEFAULT_LEVEL ? "" : `#${this.level}`;
    return `${this.key}${tags.length > 0 ? `{${tags.join(",")}}` : ""}${level}`;
  }
}

const TEXT = '"(?:[^"\\\\]|\\\\.)*"';
const TAG = new RegExp(`(${TEXT}|[\\w.\\-/]+)=(${TEXT})(,|$)`, "sy");

function parseTags(whole: string, text: string): Record<string, string> {
  const tags: Record<string, string> = {};
  TAG.lastIndex = 0;
  while (TAG.lastIndex < text.length) {
    const [, name, value] = TAG.exec(text) ?? [];
    if (name === undefined || value === undefined)
      throw badMetric(whole, "its tags cannot be read");
    tags[name.startsWith('"') ? unquote(whole, name) : name] = unquote(whole, value);
  }
  return tags;
}

function unquote(whole: string, text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    throw badMetric(whole, "its tags cannot be read");
  }
}

/** A name, or a text that is a key. @throws ELPIS_METRICS_BAD_METRIC when there is no key */
export function toMetricName(name: string | MetricName): MetricName {
  const found = typeof name === "string" ? MetricName.build(name) : name;
  if (!(found instanceof MetricName) || found.key === "") {
    throw badMetric(name, "its name has to be a text that is not empty, or a MetricName");
  }
  return found;
}
