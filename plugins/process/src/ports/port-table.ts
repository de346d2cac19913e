import type { BalancePolicy } from "../config/types.ts";
import type { HandedPolicy } from "./balance.ts";
import { type BoundHandle, bindHandle, wrapHandle } from "./bound-handle.ts";
import type { HandOverCounters } from "./hand-over.ts";
import { HandedPort, isHanded } from "./handed-port.ts";
import type { ListenMode, ListenQuestion, PortOffer, PortWish } from "./port-messages.ts";
import { hasReusePort } from "./reuse-port.ts";

/** A port that the master holds for a process. */
export interface OpenPort {
  readonly process: string;
  readonly mode: ListenMode;
  readonly handle: BoundHandle;
  /** There when the master accepts. */
  readonly handed: HandedPort | undefined;
  /** The workers that listen on it. */
  readonly users: Set<object>;
}

/** What has become of the connections of a process that the master hands over. */
export interface PortCounters extends Readonly<HandOverCounters> {
  /** Those that no worker has acknowledged yet. */
  readonly waiting: number;
}

const DEFAULT_BACKLOG = 511;

/** How workers with this policy come to their connections, on this system. */
export function modeOf(policy: BalancePolicy): ListenMode {
  if (isHanded(policy)) return "handed";
  return policy.kind === "reuse-port" && hasReusePort() ? "own" : "shared";
}

/** The ports that are open, by what they were asked for with. */
export class PortTable {
  readonly #ports = new Map<string, OpenPort>();
  readonly #counters = new Map<string, HandOverCounters>();

  find(process: string, question: PortWish): OpenPort | undefined {
    return this.#ports.get(keyOf(process, question));
  }

  /** Opens a port. Returns the system's (negative) error number when it cannot. */
  open(process: string, question: ListenQuestion, policy: BalancePolicy): OpenPort | number {
    const mode = modeOf(policy);
    return this.#keep(process, question, policy, { mode, handle: bind(question, mode) });
  }

  /**
   * Goes on with a port that a worker of an earlier master listens on: with `raw`, the socket that it shares, or by binding
   * the same port again. Returns the system's (negative) error number when it cannot.
   */
  adopt(
    process: string,
    offer: PortOffer,
    policy: BalancePolicy,
    raw: object | undefined,
  ): OpenPort | number {
    const shared = raw && wrapHandle(raw);
    const known = this.find(process, offer);
    if (known !== undefined) {
      if (typeof shared === "object") shared.close();
      return known;
    }
    const { mode, boundPort } = offer;
    const handle = shared ?? bind({ ...offer, port: boundPort }, mode);
    return this.#keep(process, offer, policy, { mode, handle });
  }

  #keep(
    process: string,
    question: PortWish,
    policy: BalancePolicy,
    { mode, handle }: { readonly mode: ListenMode; readonly handle: BoundHandle | number },
  ): OpenPort | number {
    if (typeof handle === "number") return handle;
    const { backlog } = question;
    const handed =
      mode === "handed"
        ? new HandedPort(handle, handedOf(policy), this.#countersOf(process))
        : undefined;
    const errno = handed?.listen(backlog === 0 ? DEFAULT_BACKLOG : backlog) ?? 0;
    if (errno !== 0) {
      handle.close();
      return errno;
    }
    const open = { process, mode, handle, handed, users: new Set<object>() };
    this.#ports.set(keyOf(process, question), open);
    return open;
  }

  /** Closes a port when nobody listens on it any more. */
  closeUnused(port: OpenPort): void {
    // At once: the next who asks may want the same.
    if (port.users.size === 0) this.#close((one) => one === port, "shut");
  }

  /** Closes what a process has open, or of that only what nobody listens on. */
  closeOf(process: string, which: "all" | "unused"): void {
    const test = (one: OpenPort): boolean =>
      one.process === process && (which === "all" || one.users.size === 0);
    this.#close(test, "shutSoon");
  }

  /** Closes everything at once, and the connections that wait. */
  end(): void {
    for (const { handle, handed } of this.#ports.values()) {
      if (handed === undefined) handle.close();
      else handed.end();
    }
    this.#ports.clear();
  }

  of(process: string): OpenPort[] {
    return [...this.#ports.values()].filter((one) => one.process === process);
  }

  counters(process: string): PortCounters {
    let waiting = 0;
    for (const { handed } of this.of(process)) waiting += handed?.handOver.waiting ?? 0;
    return { ...this.#countersOf(process), waiting };
  }

  #close(test: (port: OpenPort) => boolean, how: "shut" | "shutSoon"): void {
    for (const [key, port] of this.#ports) {
      if (!test(port)) continue;
      this.#ports.delete(key);
      if (port.handed === undefined) port.handle.close();
      else port.handed[how]();
    }
  }

  #countersOf(process: string): HandOverCounters {
    const found = this.#counters.get(process);
    if (found !== undefined) return found;
    const counters = { accepted: 0, handed: 0, rehanded: 0, closed: 0 };
    this.#counters.set(process, counters);
    return counters;
  }
}

function bind({ address, port, ipv6Only }: PortWish, mode: ListenMode): BoundHandle | number {
  return bindHandle({ address: address ?? undefined, port, ipv6Only, reusePort: mode === "own" });
}

/** A port keeps the way in which its connections are given out, also when the policy has become another one. */
function handedOf(policy: BalancePolicy): HandedPolicy {
  return isHanded(policy) ? policy : { kind: "round-robin" };
}

function keyOf(process: string, { address, port, ipv6Only, turn }: PortWish): string {
  return [process, address ?? "*", port, ipv6Only ? "v6" : "", turn].join("|");
}
