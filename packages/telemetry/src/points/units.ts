/** A unit as Prometheus wants it: base units, and written out. */
export interface BaseUnit {
  /** What the name ends with; empty when there is nothing to say. */
  readonly suffix: string;
  /** What values are multiplied with, or divided by when that is exact. */
  readonly times: number;
  readonly per: number;
}

const unit = (suffix: string, times = 1, per = 1): BaseUnit => ({ suffix, times, per });

const NONE = unit("");
const KNOWN: ReadonlyMap<string, BaseUnit> = new Map(
  Object.entries({
    "": NONE,
    "1": NONE,
    ns: unit("seconds", 1, 1e9),
    us: unit("seconds", 1, 1e6),
    ms: unit("seconds", 1, 1000),
    s: unit("seconds"),
    min: unit("seconds", 60),
    h: unit("seconds", 3600),
    d: unit("seconds", 86_400),
    By: unit("bytes"),
    KiBy: unit("bytes", 2 ** 10),
    MiBy: unit("bytes", 2 ** 20),
    GiBy: unit("bytes", 2 ** 30),
    kBy: unit("bytes", 1e3),
    MBy: unit("bytes", 1e6),
    GBy: unit("bytes", 1e9),
    "By/s": unit("bytes_per_second"),
    "%": unit("ratio", 1, 100),
    Hz: unit("hertz"),
    Cel: unit("celsius"),
    J: unit("joules"),
    V: unit("volts"),
    A: unit("amperes"),
    W: unit("watts"),
    m: unit("meters"),
    g: unit("grams"),
  }),
);

/** What a name may end with already, in another unit of the same kind. */
const WRITTEN: Readonly<Record<string, RegExp>> = {
  seconds: /_(?:ns|us|ms|s|seconds|milliseconds|microseconds|nanoseconds|minutes|hours|days)$/,
  bytes: /_(?:bytes|kb|mb|gb|kilobytes|megabytes|gigabytes)$/,
  ratio: /_(?:percent|ratio)$/,
};

/** The base unit of a unit of UCUM; what counts things, such as `{request}`, has none. */
export function baseUnit(ucum: string): BaseUnit {
  const plain = ucum.replaceAll(/\{[^}]*\}/g, "");
  const known = KNOWN.get(plain);
  if (known !== undefined) return known;
  const suffix = plain
    .toLowerCase()
    .replaceAll("/", "_per_")
    .replaceAll(/[^a-z_]+/g, "");
  return suffix.startsWith("_per_") ? NONE : unit(suffix);
}

/** A name with its unit at the end, once. */
export function withUnit(name: string, suffix: string): string {
  if (suffix === "" || name.endsWith(`_${suffix}`)) return name;
  return `${name.replace(WRITTEN[suffix] ?? /$^/, "")}_${suffix}`;
}

/** A value in the base unit. */
export function inBaseUnit(value: number, { times, per }: BaseUnit): number {
  return (value * times) / per;
}
