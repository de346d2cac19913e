import type { Balance, CallOptions } from "@elpis/api";
import type { BalanceName } from "@elpis/protocol";
import { badArgument } from "../errors.ts";

export const DEFAULT_TIMEOUT_MS = 5000;
const MAX_TIMEOUT_MS = 2 ** 31 - 1;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const BALANCES: readonly unknown[] = ["round-robin", "weighted", "least-busy", "random"];

/** Whole milliseconds. @throws ELPIS_HUB_BAD_ARGUMENT */
export function timeoutOf(options: Pick<CallOptions, "timeoutMs"> | undefined): number {
  const timeoutMs = options?.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  if (!(timeoutMs >= 1 && timeoutMs <= MAX_TIMEOUT_MS)) {
    throw badArgument("timeoutMs", `milliseconds from 1 to ${MAX_TIMEOUT_MS}`, timeoutMs);
  }
  return Math.ceil(timeoutMs);
}

/** Whether the hub keeps the call until somebody is there. @throws ELPIS_HUB_BAD_ARGUMENT */
export function waits(options: Pick<CallOptions, "absent"> | undefined): boolean {
  const absent = options?.absent;
  if (absent === undefined || absent === "fail") return false;
  if (absent !== "wait") throw badArgument("absent", '"fail" or "wait"', absent);
  return true;
}

/** How a balance is called on the wire. @throws ELPIS_HUB_BAD_ARGUMENT */
export function balanceName(balance: Balance): BalanceName {
  if (typeof balance === "object" && balance !== null) {
    const { hash } = balance;
    if (typeof hash === "string" || typeof hash === "number") return "hash";
  } else if (BALANCES.includes(balance)) {
    return balance;
  }
  throw badArgument("balance", `one of ${BALANCES.join(", ")}, or { hash: key }`, balance);
}

/**
 * The 32-bit number by which the hub tells keys apart: FNV-1a over the UTF-8 bytes of the key's text (a number as
 * JavaScript writes it), so that every client, in whatever language, sends equal keys to the same peer.
 */
export function hashOf(key: string | number): number {
  let hash = FNV_OFFSET;
  for (const byte of Buffer.from(String(key))) hash = Math.imul(hash ^ byte, FNV_PRIME);
  return hash >>> 0;
}
