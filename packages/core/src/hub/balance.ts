import type { BalanceName } from "@elpis/protocol";
import type { Peer } from "./peer.ts";

/** What a balance may ask about a peer for the topic at hand. */
export type WeightOf = (peer: Peer) => number;

/** Picks one of several peers, again and again. The list may be another each time. */
export type Picker = (peers: readonly Peer[], key: number) => Peer;

/** @param start where to begin, so that many that each ask once do not all begin with the same peer */
export function makePicker(
  balance: BalanceName,
  start: number,
  weightOf: WeightOf,
  random: () => number,
): Picker {
  switch (balance) {
    case "round-robin":
      return roundRobin(start);
    case "least-busy":
      return leastBusy(start);
    case "weighted":
      return weighted(weightOf);
    case "random":
      return (peers) => peers[Math.floor(random() * peers.length)] as Peer;
    case "hash":
      return byHash;
  }
}

function roundRobin(start: number): Picker {
  let turn = start;
  return (peers) => {
    turn = (turn + 1) % peers.length;
    return peers[turn] as Peer;
  };
}

/** The one with the fewest open calls; among equals in turn. */
function leastBusy(start: number): Picker {
  let turn = start;
  return (peers) => {
    turn = (turn + 1) % peers.length;
    let best = peers[turn] as Peer;
    for (let step = 1; step < peers.length && best.openCalls > 0; step++) {
      const peer = peers[(turn + step) % peers.length] as Peer;
      if (peer.openCalls < best.openCalls) best = peer;
    }
    return best;
  };
}

/**
 * Smooth weighted round robin: shares as the weights say, spread out as far as they can be. Nobody is ever owed, or owes,
 * more than all weights together, unless there were others once: then that is forgotten.
 */
function weighted(weightOf: WeightOf): Picker {
  const credit = new Map<Peer, number>();
  let known: readonly Peer[] = [];
  return (peers) => {
    if (peers !== known) {
      known = peers;
      for (const peer of credit.keys()) if (!peers.includes(peer)) credit.delete(peer);
    }
    let total = 0;
    for (const peer of peers) total += weightOf(peer);
    let best = peers[0] as Peer;
    let most = Number.NEGATIVE_INFINITY;
    for (const peer of peers) {
      const owed = Math.min(total, Math.max(-total, credit.get(peer) ?? 0));
      const now = owed + weightOf(peer);
      credit.set(peer, now);
      if (now > most) {
        most = now;
        best = peer;
      }
    }
    credit.set(best, most - total);
    return best;
  };
}

/**
 * Rendezvous hashing over name and index: a key stays where it is when others come and go, and comes back to a process
 * that was replaced.
 */
function byHash(peers: readonly Peer[], key: number): Peer {
  let best = peers[0] as Peer;
  let highest = -1;
  for (const peer of peers) {
    const score = mix(key ^ peer.seed);
    if (score > highest) {
      highest = score;
      best = peer;
    }
  }
  return best;
}

/** Spreads the bits of a number (the finisher of murmur3). */
function mix(value: number): number {
  let bits = value;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** A number for a text (FNV-1a). */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return hash >>> 0;
}
