import type { GaugeMerge, Kind } from "@elpis/telemetry";

/** What one of the names of this plugin means. */
export interface CatalogEntry {
  /** Its name; parts in angle brackets are filled in: `system.nettraffic.<if>.net.in.bytes`. */
  readonly name: string;
  readonly kind: Kind;
  /** As UCUM has it. */
  readonly unit: string;
  /** One sentence for people. */
  readonly description: string;
  /** How one value is made of those of several processes. */
  readonly merge?: GaugeMerge;
  /** Names of its tags. */
  readonly tags?: readonly string[];
  /**
   * How OpenTelemetry calls it, with the attributes that its name stands for there; `<if>` is what `<if>` is in the name.
   * Absent where it has no such thing.
   */
  readonly semantic?: string;
}

/** Names of one group. */
export interface CatalogGroup {
  readonly group: string;
  readonly title: string;
  readonly entries: readonly CatalogEntry[];
}

type More = Partial<Pick<CatalogEntry, "merge" | "tags" | "semantic">>;

const entry =
  (kind: Kind) =>
  (name: string, unit: string, description: string, more: More = {}): CatalogEntry => ({
    ...{ name, kind, unit, description },
    ...more,
  });

/** A value of which the last one counts. */
export const gauge: ReturnType<typeof entry> = entry("gauge");
/** A sum that only grows. */
export const counter: ReturnType<typeof entry> = entry("counter");
/** A sum that goes up and down. */
export const upDown: ReturnType<typeof entry> = entry("upDownCounter");
/** A distribution. */
export const histogram: ReturnType<typeof entry> = entry("histogram");
