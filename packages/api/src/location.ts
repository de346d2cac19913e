/** What a peer is for. `peer` is anything that joins from outside the family, such as the command line. */
export type Role = "master" | "agent" | "worker" | "peer";

/** Who a peer is. Given by the hub, never read from what a peer sends. */
export interface Location {
  /** The hub's number for this connection; never given twice while the hub lives. */
  readonly id: number;
  /** Name of the application. */
  readonly app: string;
  readonly role: Role;
  /** Name of the process as it was defined, such as `web`. */
  readonly name: string;
  /** Which of the processes with that name, from 0. */
  readonly index: number;
  /** Process id. Of a peer from outside the family it is what that peer said. */
  readonly pid: number;
  /** Which start of this name and index it is, from 1; a replacement has a higher one. */
  readonly epoch: number;
}

/** A partial location: every peer that has all the given parts is meant. A part left out matches anything. */
export type Selector = Partial<Omit<Location, "epoch">>;

/** A peer as the hub sees it. */
export interface PeerInfo extends Location {
  /** Whether it takes work; a peer that boots or drains does not. */
  readonly ready: boolean;
}

/** A change among the peers. */
export interface PeerChange {
  readonly type: "joined" | "changed" | "left";
  readonly peer: PeerInfo;
}

const TYPES = {
  app: "string",
  role: "string",
  name: "string",
  index: "number",
  pid: "number",
  id: "number",
} as const;
const PARTS = Object.keys(TYPES) as readonly (keyof typeof TYPES)[];

/** Whether a value can be a number in a location: whole, from 0, within 32 bits. */
export function isU32(value: unknown): value is number {
  return typeof value === "number" && value >>> 0 === value;
}

/** The first part of an object that keeps it from being a selector, and what it should be. */
export function selectorProblem(
  selector: object,
): { readonly part: string; readonly expected: string } | undefined {
  for (const part in selector) {
    const value = (selector as Record<string, unknown>)[part];
    if (!Object.hasOwn(TYPES, part)) return { part, expected: `one of ${PARTS.join(", ")}` };
    const type = TYPES[part as keyof typeof TYPES];
    if (value === undefined) continue;
    if (type === "number" && !isU32(value))
      return { part, expected: "a number from 0 to 4294967295" };
    if (type === "string" && typeof value !== "string") return { part, expected: "a string" };
  }
  return undefined;
}

/** Whether `location` has every part that `selector` names. */
export function matches(selector: Selector | undefined, location: Location): boolean {
  if (selector === undefined) return true;
  for (const part of PARTS) {
    const wanted = selector[part];
    if (wanted !== undefined && wanted !== location[part]) return false;
  }
  return true;
}

/** A text that is equal for equal selectors; used as a key. */
export function selectorKey(selector: Selector | undefined): string {
  if (selector === undefined) return "";
  let key = "";
  for (const part of PARTS) {
    const value = selector[part];
    // With its length in front, no text can be taken for the end of one part and the start of the next.
    if (typeof value === "string") key += `${part}${value.length}:${value}`;
    else if (value !== undefined) key += `${part}=${value};`;
  }
  return key;
}

/** A location for a person to read: `shop/web.1`. */
export function formatLocation(location: Pick<Location, "app" | "name" | "index">): string {
  return `${location.app}/${location.name}.${location.index}`;
}
