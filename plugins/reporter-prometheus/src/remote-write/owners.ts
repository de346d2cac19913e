import type { Point } from "@elpis/api";
import { toPrometheusSeries } from "@elpis/telemetry";

/** Names that are remembered; with more of them all is forgotten, and begins anew. */
const MOST = 20_000;

/**
 * Whose a name of Prometheus is: of two metrics that are one to it, such as `a.b` and `a_b`, the first has it, also when the second comes in
 * another batch. Together they would be values of one series that contradict each other.
 */
export class Owners {
  readonly #prefix: string | undefined;
  readonly #most: number;
  readonly #verdicts = new Map<string, boolean>();
  readonly #owners = new Map<string, string>();

  constructor(prefix: string | undefined, most: number = MOST) {
    this.#prefix = prefix;
    this.#most = most;
  }

  /** Whether a point may have its name. */
  owns(point: Point): boolean {
    const { name, kind, unit } = point;
    const key = JSON.stringify([name, kind, unit]);
    const known = this.#verdicts.get(key);
    if (known !== undefined) return known;
    if (this.#owners.size >= this.#most) {
      this.#owners.clear();
      this.#verdicts.clear();
    }
    const isOwner = this.#claim(point);
    this.#verdicts.set(key, isOwner);
    return isOwner;
  }

  #claim(point: Point): boolean {
    const prefix = this.#prefix;
    const options = prefix === undefined ? {} : { prefix };
    const [family] = toPrometheusSeries([point], options);
    // What has no place in Prometheus at all is counted elsewhere.
    if (family === undefined) return true;
    const owner = JSON.stringify([point.name, family.type]);
    const names = new Set([family.name, ...family.samples.map(({ name }) => name)]);
    for (const name of names) if ((this.#owners.get(name) ?? owner) !== owner) return false;
    for (const name of names) this.#owners.set(name, owner);
    return true;
  }
}
