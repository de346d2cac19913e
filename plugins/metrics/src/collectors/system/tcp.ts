import type { Collector, Now, Sample } from "../collector.ts";
import { Rates } from "../rates.ts";
import { readText } from "../text.ts";

/** Names in `/proc/net/snmp`, and ours. `CurrEstab` is a number of connections, whatever its name here says. */
const NAMES: Readonly<Record<string, string>> = {
  ActiveOpens: "active.opens",
  PassiveOpens: "passive.opens",
  AttemptFails: "attempt.fails",
  EstabResets: "estab.resets",
  CurrEstab: "curr.resets",
  InSegs: "in.segs",
  OutSegs: "out.segs",
  RetransSegs: "retran.segs",
  InErrs: "in.errs",
  OutRsts: "out.rsts",
};

/** What TCP has done, where there is `/proc/net/snmp`. */
export class Tcp implements Collector {
  readonly #rates: Rates;

  constructor(now: Now) {
    this.#rates = new Rates(now);
  }

  async read(): Promise<readonly Sample[]> {
    const [snmp, stat] = await Promise.all([
      readText("/proc/net/snmp"),
      readText("/proc/net/sockstat"),
    ]);
    this.#rates.begin();
    return [
      ...(snmp === undefined ? [] : this.#sums(parseSnmp(snmp, "Tcp"))),
      ...(stat === undefined ? [] : parseSockstat(stat)),
    ];
  }

  #sums(tcp: ReadonlyMap<string, number>): readonly Sample[] {
    const samples: Sample[] = [];
    for (const [key, name] of Object.entries(NAMES)) {
      const value = tcp.get(key);
      if (value !== undefined) samples.push([`system.tcp.${name}`, value]);
    }
    const again = this.#rates.growth("again", tcp.get("RetransSegs") ?? 0);
    const sent = this.#rates.growth("sent", tcp.get("OutSegs") ?? 0);
    if (again !== undefined && sent !== undefined) {
      samples.push(["system.tcp.retry.rate", retryRate(again, sent)]);
    }
    return samples;
  }
}

/** Share of the segments that were sent again. */
export function retryRate(again: number, sent: number): number {
  return sent <= 0 ? 0 : Math.min(1, again / sent);
}

/** The values of one protocol in `/proc/net/snmp`: a line of names, then one of numbers. */
export function parseSnmp(text: string, protocol: string): ReadonlyMap<string, number> {
  const [names = [], values = []] = text
    .split("\n")
    .filter((line) => line.startsWith(`${protocol}:`))
    .map((line) => line.trim().split(/\s+/).slice(1));
  return new Map(names.map((name, at) => [name, Number(values[at] ?? 0)]));
}

/** Reads `/proc/net/sockstat`. */
export function parseSockstat(text: string): readonly Sample[] {
  const samples: Sample[] = [];
  const tcp = /^TCP: inuse (\d+).*? tw (\d+)/m.exec(text);
  const udp = /^UDP: inuse (\d+)/m.exec(text);
  if (tcp !== null) {
    samples.push(["system.tcp.sockets", Number(tcp[1])]);
    samples.push(["system.tcp.sockets.time_wait", Number(tcp[2])]);
  }
  if (udp !== null) samples.push(["system.udp.sockets", Number(udp[1])]);
  return samples;
}
