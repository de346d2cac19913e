import { type Location, type Role, type Selector, selectorProblem, toText } from "@elpis/api";
import { protocolError } from "./errors.ts";
import { MAX_RECORD_BYTES, MAX_RECORD_KEYS, MAX_TOPIC_BYTES } from "./limits.ts";

/** Body of `hello`. `nonce` is there when the peer joins from outside and will have to prove itself. */
export interface Hello {
  /** Lowest and highest protocol version. */
  readonly protocol: readonly [number, number];
  /** Library and version, for logs. */
  readonly client: string;
  readonly pid: number;
  readonly nonce?: Uint8Array;
  /** Whether it reads bodies with records. */
  readonly records?: boolean;
  /** What the peer would like to be called; only taken from peers from outside. */
  readonly name?: string;
  readonly role?: Role;
  readonly index?: number;
  readonly epoch?: number;
}

/** Body of `challenge`. */
export interface Challenge {
  readonly nonce: Uint8Array;
  readonly proof: Uint8Array;
}

/** Body of `auth`. */
export interface Auth {
  readonly proof: Uint8Array;
}

/** Body of `welcome`. */
export interface Welcome {
  readonly protocol: number;
  readonly hub: string;
  readonly location: Location;
  readonly maxFrameBytes: number;
  /** How many calls this peer may have asked, or been given, without an answer; correlations are below it. */
  readonly maxCalls: number;
  /** Names this run of the hub: another one after a restart. */
  readonly run?: string;
}

/** Body of `goodbye`. */
export interface Goodbye {
  readonly code: string;
  readonly reason: string;
}

/** Body of `route`. */
export interface RouteBody {
  readonly topic: string;
  readonly to?: Selector;
  /** How one of several is picked; without it as the verb has it. */
  readonly balance?: BalanceName;
}

/** How one of several peers is picked. With `hash` the header's `target` is the hash of a key. */
export type BalanceName = (typeof BALANCES)[number];
const BALANCES = ["round-robin", "weighted", "least-busy", "random", "hash"] as const;

type Fields = Readonly<Record<string, unknown>>;
const ROLES: readonly unknown[] = ["master", "agent", "worker", "peer"];

/** Reads a `hello`. @throws ELPIS_PROTOCOL_INVALID */
export function readHello(body: unknown): Hello {
  const fields = record(body, "hello");
  const { protocol, client, pid, nonce, records, name, role, index, epoch } = fields;
  const [low, high] = Array.isArray(protocol) ? protocol : [];
  return {
    protocol: [integer(low, "hello.protocol"), integer(high, "hello.protocol")],
    client: text(client, "hello.client", 64),
    pid: integer(pid, "hello.pid"),
    ...(nonce !== undefined && { nonce: bytes(nonce, "hello.nonce", 16, 64) }),
    ...(records === true && { records }),
    ...(name !== undefined && { name: text(name, "hello.name", 64) }),
    ...(role !== undefined && { role: readRole(role) }),
    ...(index !== undefined && { index: integer(index, "hello.index") }),
    ...(epoch !== undefined && { epoch: integer(epoch, "hello.epoch") }),
  };
}

/** Reads a `challenge`. @throws ELPIS_PROTOCOL_INVALID */
export function readChallenge(body: unknown): Challenge {
  const { nonce, proof } = record(body, "challenge");
  return {
    nonce: bytes(nonce, "challenge.nonce", 16, 64),
    proof: bytes(proof, "challenge.proof", 32, 32),
  };
}

/** Reads an `auth`. @throws ELPIS_PROTOCOL_INVALID */
export function readAuth(body: unknown): Auth {
  return { proof: bytes(record(body, "auth").proof, "auth.proof", 32, 32) };
}

/** Reads a `welcome`. @throws ELPIS_PROTOCOL_INVALID */
export function readWelcome(body: unknown): Welcome {
  const { protocol, hub, location, maxFrameBytes, maxCalls, run } = record(body, "welcome");
  return {
    protocol: integer(protocol, "welcome.protocol"),
    hub: text(hub, "welcome.hub", 255),
    location: readLocation(location),
    maxFrameBytes: integer(maxFrameBytes, "welcome.maxFrameBytes"),
    maxCalls: integer(maxCalls, "welcome.maxCalls"),
    ...(run !== undefined && { run: text(run, "welcome.run", 64) }),
  };
}

/** Reads a `goodbye`; whatever it is, there is a reason to show. */
export function readGoodbye(body: unknown): Goodbye {
  const fields: Fields = body !== null && typeof body === "object" ? (body as Fields) : {};
  return {
    code: typeof fields.code === "string" ? fields.code : "ELPIS_HUB_CLOSED",
    reason: typeof fields.reason === "string" ? fields.reason : "no reason given",
  };
}

/** Reads a location, as in `welcome` and `peer`. @throws ELPIS_PROTOCOL_INVALID */
export function readLocation(body: unknown): Location {
  const { id, app, role, name, index, pid, epoch } = record(body, "location");
  return {
    id: integer(id, "location.id"),
    app: text(app, "location.app", 255),
    role: readRole(role),
    name: text(name, "location.name", 64),
    index: integer(index, "location.index"),
    pid: integer(pid, "location.pid"),
    epoch: integer(epoch, "location.epoch"),
  };
}

/** Reads a `route`. @throws ELPIS_PROTOCOL_INVALID */
export function readRoute(body: unknown): RouteBody {
  const { topic, to, balance } = record(body, "route");
  const name = { topic: readTopic(topic), ...(balance !== undefined && readBalance(balance)) };
  if (to === undefined) return name;
  const selector = record(to, "route.to");
  const problem = selectorProblem(selector);
  if (problem !== undefined) {
    throw protocolError(`route.to.${problem.part} is not ${problem.expected}`);
  }
  return { ...name, to: selector as Selector };
}

function readBalance(value: unknown): { balance: BalanceName } {
  if (!BALANCES.includes(value as BalanceName)) {
    throw protocolError(`route.balance is not one of ${BALANCES.join(", ")}`);
  }
  return { balance: value as BalanceName };
}

/** Reads a `record`: the names of the fields of one shape. @throws ELPIS_PROTOCOL_INVALID */
export function readRecord(body: unknown): readonly string[] {
  const isGood =
    Array.isArray(body) &&
    body.length > 0 &&
    body.length <= MAX_RECORD_KEYS &&
    body.every((key) => typeof key === "string" && key !== "__proto__") &&
    new Set(body).size === body.length &&
    Buffer.byteLength(body.join("")) <= MAX_RECORD_BYTES;
  if (!isGood) {
    throw protocolError(
      `a record is not 1 to ${MAX_RECORD_KEYS} different names of ${MAX_RECORD_BYTES} bytes together`,
    );
  }
  return body as readonly string[];
}

/** Reads a topic's name, as in `listen` and `topic`. @throws ELPIS_PROTOCOL_INVALID */
export function readTopic(body: unknown): string {
  return text(body, "topic", MAX_TOPIC_BYTES);
}

function record(value: unknown, what: string): Fields {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw protocolError(`${what} is not a map`);
  }
  return value as Fields;
}

function readRole(value: unknown): Role {
  if (!ROLES.includes(value)) throw protocolError(`"${toText(value)}" is not a role`);
  return value as Role;
}

function text(value: unknown, what: string, maxBytes: number): string {
  if (typeof value !== "string" || value === "" || Buffer.byteLength(value) > maxBytes) {
    throw protocolError(`${what} is not a text of 1 to ${maxBytes} bytes`);
  }
  return value;
}

function integer(value: unknown, what: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0 || (value as number) > 0xffff_ffff) {
    throw protocolError(`${what} is not a 32-bit unsigned integer`);
  }
  return value as number;
}

function bytes(value: unknown, what: string, min: number, max: number): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length < min || value.length > max) {
    throw protocolError(`${what} is not ${min} to ${max} bytes`);
  }
  return value;
}
