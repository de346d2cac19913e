import type { HubFigures, PeerFigures } from "@elpis/api";
import type { Collector, Sample } from "../collector.ts";
import { Grown } from "./grown.ts";

const COUNTS = ["late", "stray", "expired", "overloaded", "dropped", "unheard", "kept"] as const;
/** Peers from outside come and go without end; all of one name are one here. */
const nameOf = ({ role, name, index }: PeerFigures): string =>
  role === "peer" ? name : `${name}.${index}`;

/** What the hub of this process counts. */
export class HubTraffic implements Collector {
  readonly #read: () => HubFigures;
  readonly #grown = new Grown();

  constructor(read: () => HubFigures) {
    this.#read = read;
  }

  read(): readonly Sample[] {
    const figures = this.#read();
    const { latency } = figures;
    return [
      ...this.#traffic(figures.peers),
      ...peerSamples(figures.peers),
      ["elpis.hub.calls.open", figures.openCalls],
      ["elpis.hub.calls", latency.count],
      ["elpis.hub.latency.p50", latency.p50],
      ["elpis.hub.latency.p90", latency.p90],
      ["elpis.hub.latency.p99", latency.p99],
      ["elpis.hub.latency.max", latency.max],
      ...Object.entries(figures.closes).map(
        ([code, count]): Sample => ["elpis.hub.closes", count, { code }],
      ),
      ...COUNTS.map((what): Sample => [`elpis.hub.${what}`, figures[what]]),
    ];
  }

  /** A peer that is started anew counts from 0; what is told goes on. */
  #traffic(peers: readonly PeerFigures[]): readonly Sample[] {
    this.#grown.begin();
    for (const peer of peers) {
      for (const [ofClass, one] of Object.entries(peer.classes)) {
        const tags = { peer: nameOf(peer), class: ofClass };
        const add = (name: string, value: number): void =>
          this.#grown.add(`elpis.hub.${name}`, tags, String(peer.id), value);
        add("frames.in", one.framesIn);
        add("frames.out", one.framesOut);
        add("bytes.in", one.bytesIn);
        add("bytes.out", one.bytesOut);
        add("frames.dropped", one.dropped);
      }
    }
    return this.#grown.samples();
  }
}

function peerSamples(peers: readonly PeerFigures[]): readonly Sample[] {
  const groups = new Map<string, { readonly tags: Record<string, string>; count: number }>();
  const byName = new Map<string, [queued: number, given: number, asked: number]>();
  for (const peer of peers) {
    const tags = { role: peer.role, ready: String(peer.ready) };
    const key = `${tags.role} ${tags.ready}`;
    const group = groups.get(key) ?? { tags, count: 0 };
    group.count += 1;
    groups.set(key, group);
    const [queued, given, asked] = byName.get(nameOf(peer)) ?? [0, 0, 0];
    byName.set(nameOf(peer), [
      queued + peer.queuedBytes,
      given + peer.openCalls,
      asked + peer.askedCalls,
    ]);
  }
  return [
    ...[...groups.values()].map(({ tags, count }): Sample => ["elpis.hub.peers", count, tags]),
    ...[...byName].flatMap(([peer, [queued, given, asked]]): Sample[] => [
      ["elpis.hub.queued", queued, { peer }],
      ["elpis.hub.calls.given", given, { peer }],
      ["elpis.hub.calls.asked", asked, { peer }],
    ]),
  ];
}
