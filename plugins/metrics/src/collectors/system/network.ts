import { NET_IN, NET_OUT } from "../../catalog/system.ts";
import type { Collector, Now, Sample } from "../collector.ts";
import { Rates } from "../rates.ts";
import { readText } from "../text.ts";

/** A machine with many containers has an interface for each; those that carry most are told. */
const MAX_INTERFACES = 8;

/** Sums of one interface since the start of the machine, in the order of {@link NET_IN} and {@link NET_OUT}. */
export interface InterfaceSums {
  readonly name: string;
  readonly in: readonly number[];
  readonly out: readonly number[];
}

/** What went over each interface, where there is `/proc/net/dev`. */
export class Network implements Collector {
  readonly #rates: Rates;
  /** Interfaces that are told, so that they do not change from one read to the next. */
  #told = new Set<string>();

  constructor(now: Now) {
    this.#rates = new Rates(now);
  }

  async read(): Promise<readonly Sample[]> {
    const text = await readText("/proc/net/dev");
    if (text === undefined) return [];
    this.#rates.begin();
    const all = parseNetDev(text);
    this.#told = chooseInterfaces(all, this.#told);
    return all.filter(({ name }) => this.#told.has(name)).flatMap((one) => [...this.#of(one)]);
  }

  *#of(sums: InterfaceSums): Iterable<Sample> {
    for (const direction of ["in", "out"] as const) {
      const names = direction === "in" ? NET_IN : NET_OUT;
      for (const [at, what] of names.entries()) {
        const name = `system.nettraffic.${sums.name}.net.${direction}.${what}`;
        const value = sums[direction][at] ?? 0;
        yield [name, value];
        const rate = this.#rates.rate(name, value);
        if (rate !== undefined) yield [`${name}.rate`, rate];
      }
    }
  }
}

/** Those told before that are still there, then those with most traffic; never one that has carried nothing. */
export function chooseInterfaces(
  all: readonly InterfaceSums[],
  told: ReadonlySet<string>,
): Set<string> {
  const bytes = (one: InterfaceSums): number => (one.in[0] ?? 0) + (one.out[0] ?? 0);
  const wanted = all.filter((one) => told.has(one.name) || bytes(one) > 0);
  const rank = (one: InterfaceSums): number => (told.has(one.name) ? Number.MAX_VALUE : bytes(one));
  wanted.sort((a, b) => rank(b) - rank(a));
  return new Set(wanted.slice(0, MAX_INTERFACES).map(({ name }) => name));
}

/** Reads `/proc/net/dev`. */
export function parseNetDev(text: string): readonly InterfaceSums[] {
  return text.split("\n").flatMap((line) => {
    const at = line.lastIndexOf(":");
    if (at < 0 || line.includes("|")) return [];
    const numbers = line
      .slice(at + 1)
      .trim()
      .split(/\s+/)
      .map(Number);
    const count = NET_IN.length;
    return [
      { name: line.slice(0, at).trim(), in: numbers.slice(0, count), out: numbers.slice(count) },
    ];
  });
}
