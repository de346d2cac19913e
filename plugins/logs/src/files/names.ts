/** What the name of a file that was put aside says. */
export interface AsideName {
  /** The span of its lines, such as `2026-11-26`; undefined: it has only a number. */
  readonly span: string | undefined;
  /** `web.log.3`: 3. `web.log.2026-11-26`: 0, and 2 when `.2` follows. */
  readonly index: number;
  readonly isCompressed: boolean;
  /** `whole`; `tmp`: it is being made; `copied`: it is whole, but what it was copied from may not be emptied yet. */
  readonly state: "whole" | "tmp" | "copied";
}

/** Ends the name of what is being made. */
export const TMP = ".tmp";
/** Ends the name of a copy until what it was made of is empty. */
export const COPIED = ".copied";

const NAME =
  /^\.(?:(\d{4}-\d\d-\d\d(?:_\d\d(?:-\d\d(?:-\d\d)?)?)?)(?:\.([1-9]\d{0,8}))?|([1-9]\d{0,8}))(\.gz)?(\.tmp|\.copied)?$/;

/** Reads the name of a file beside `base`; undefined when it is none of those that rotation makes. */
export function parseAside(base: string, name: string): AsideName | undefined {
  if (!name.startsWith(`${base}.`)) return undefined;
  const found = NAME.exec(name.slice(base.length));
  if (found === null) return undefined;
  const [, span, nth, number, gz, end] = found;
  return {
    span,
    index: Number(span === undefined ? number : (nth ?? 0)),
    isCompressed: gz !== undefined,
    state: end === undefined ? "whole" : end === TMP ? "tmp" : "copied",
  };
}

/** The name without what tells that it is compressed. */
export function asideName(
  base: string,
  { span, index }: Pick<AsideName, "span" | "index">,
): string {
  if (span === undefined) return `${base}.${index}`;
  return index === 0 ? `${base}.${span}` : `${base}.${span}.${index}`;
}

/** The name for a file of a span, behind all that there is of that span: no file is ever replaced. */
export function nextOfSpan(span: string, present: readonly AsideName[]): AsideName {
  const taken = present.filter((one) => one.span === span).map(({ index }) => index);
  return { span, index: Math.max(-1, ...taken) + 1, isCompressed: false, state: "whole" };
}

/**
 * Which numbers move up by one so that 1 is free, the highest first. A gap, as a kill in the middle leaves it, is filled,
 * so that nothing is ever replaced.
 */
export function shiftsFor(present: readonly AsideName[]): number[] {
  const taken = new Set(present.filter((one) => one.span === undefined).map(({ index }) => index));
  let gap = 1;
  while (taken.has(gap)) gap += 1;
  return Array.from({ length: gap - 1 }, (_, at) => gap - 1 - at);
}

/** Whether `one` is newer than `other`: below 0 when it is. Only for two with spans, or two without. */
export function newerFirst(one: AsideName, other: AsideName): number {
  if (one.span === undefined || other.span === undefined) return one.index - other.index;
  if (one.span !== other.span) return one.span < other.span ? 1 : -1;
  return other.index - one.index;
}
