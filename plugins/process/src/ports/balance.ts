import type { BalancePolicy } from "../config/types.ts";

/** One who could be given a connection. */
export interface Candidate {
  /** Which instance of its process it is. */
  readonly index: number;
  /** Grows with every candidate that comes: the newest has the highest. */
  readonly age: number;
  /** Connections that it has, or will have. */
  readonly load: number;
  /** When it was given its last connection, counted in connections; 0: never. */
  readonly lastTurn: number;
}

/** Says who gets a connection. */
export interface Balancer {
  /**
   * How many connections may wait for the one that was chosen while it is busy with taking one. With 0 only those are
   * asked about who can take one at once.
   */
  readonly patience: number;
  /** Chooses one of at least one candidate. */
  choose<One extends Candidate>(candidates: readonly One[], client: string): One;
}

/** Policies under which the master accepts, and hands connections over. */
export type HandedPolicy = BalancePolicy & {
  readonly kind: "round-robin" | "weighted" | "least-connections" | "sticky";
};

/** So many connections, and no more, wait for the one who should have them rather than for whoever is free. */
const PATIENCE = 64;

/** Makes what chooses under a policy; it remembers what it has chosen where the policy needs that. */
export function createBalancer(policy: HandedPolicy): Balancer {
  switch (policy.kind) {
    case "round-robin":
      return { patience: 0, choose: longestWithout };
    case "least-connections":
      return { patience: PATIENCE, choose: leastLoaded };
    case "sticky":
      return { patience: Number.POSITIVE_INFINITY, choose: closest };
    case "weighted":
      return new SmoothWeighted(policy.weights);
  }
}

function longestWithout<One extends Candidate>(candidates: readonly One[]): One {
  return candidates.reduce((best, one) => (one.lastTurn < best.lastTurn ? one : best));
}

function leastLoaded<One extends Candidate>(candidates: readonly One[]): One {
  return candidates.reduce((best, one) => {
    if (one.load !== best.load) return one.load < best.load ? one : best;
    return one.lastTurn < best.lastTurn ? one : best;
  });
}

/**
 * Rendezvous hashing: every index has a number of its own for each client, and the highest wins. So an index that goes
 * moves only its own clients, one that comes takes only those that it wins, and one that comes back gets its own again.
 */
function closest<One extends Candidate>(candidates: readonly One[], client: string): One {
  const seed = hash(client);
  return newestOfEach(candidates).reduce((best, one) =>
    affinity(seed, one.index) > affinity(seed, best.index) ? one : best,
  );
}

/**
 * Everyone saves up by its weight, the richest is chosen and pays for all: shares are exact over each round, and
 * spread evenly within it.
 */
class SmoothWeighted implements Balancer {
  readonly patience = PATIENCE;
  readonly #weights: readonly number[];
  readonly #savings = new Map<number, number>();

  constructor(weights: readonly number[]) {
    this.#weights = weights;
  }

  choose<One extends Candidate>(candidates: readonly One[]): One {
    const newest = newestOfEach(candidates);
    const weighed = newest.filter((one) => this.#weightOf(one) > 0);
    // Weight 0 means as long as there is anybody else.
    if (weighed.length === 0) return longestWithout(newest);
    let total = 0;
    for (const one of weighed) {
      total += this.#weightOf(one);
      this.#savings.set(one.index, this.#savingsOf(one) + this.#weightOf(one));
    }
    const chosen = weighed.reduce((best, one) =>
      this.#savingsOf(one) > this.#savingsOf(best) ? one : best,
    );
    this.#savings.set(chosen.index, this.#savingsOf(chosen) - total);
    return chosen;
  }

  #weightOf({ index }: Candidate): number {
    return this.#weights[index] ?? this.#weights.at(-1) ?? 1;
  }

  #savingsOf({ index }: Candidate): number {
    return this.#savings.get(index) ?? 0;
  }
}

/** While an instance is replaced there are two of one index: the newer one is meant. */
function newestOfEach<One extends Candidate>(candidates: readonly One[]): readonly One[] {
  const byIndex = new Map<number, One>();
  for (const one of candidates) {
    const other = byIndex.get(one.index);
    if (other === undefined || other.age < one.age) byIndex.set(one.index, one);
  }
  return [...byIndex.values()];
}

/** FNV-1a. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    state = Math.imul(state ^ text.charCodeAt(at), 0x01000193);
  }
  return state;
}

/** The last steps of MurmurHash3: neighbouring indexes must have nothing in common. */
function affinity(seed: number, index: number): number {
  let mixed = seed ^ Math.imul(index + 1, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
