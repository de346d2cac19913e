import { type Location, type Role, type Selector, selectorProblem, toText } from "@elpis/api";
import { protocolError } from "./errors.ts";
import { MAX_TOPIC_BYTES } from "./limits.ts";

/** Body of `hello`. `nonce` is there when the peer joins from outside and will have to prove itself. */
export interface Hello {
  /** Lowest and highest protocol version. */
  readonly protocol: readonly [number, number];
  /** Library and version, for logs. */
  readonly client: string;
  readonly pid: number;
  readonly nonce?: Uint8Array;
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
}

type Fields = Readonly<Record<string, unknown>>;
const ROLES: readonly unknown[] = ["master", "agent", "worker", "peer"];

/** Reads a `hello`. @throws ELPIS_PROTOCOL_INVALID */
export function readHello(body: unknown): Hello {
  const fields = record(body, "hello");
  const { protocol, client, pid, nonce, name, role, index, epoch } = fields;
  const [low, high] = Array.isArray(protocol) ? protocol : [];
  return {
    protocol: [integer(low, "hello.protocol"), integer(high, "hello.protocol")],
    client: text(client, "hello.client", 64),
    pid: integer(pid, "hello.pid"),
    ...(nonce !== undefined && { nonce: bytes(nonce, "hello.nonce", 16, 64) }),
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
  const { protocol, hub, location, maxFrameBytes, maxCalls } = record(body, "welcome");
  return {
    protocol: integer(protocol, "welcome.protocol"),
    hub: text(hub, "welcome.hub", 255),
    location: readLocation(location),
    maxFrameBytes: integer(maxFrameBytes, "welcome.maxFrameBytes"),
    maxCalls: integer(maxCalls, "welcome.maxCalls"),
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
  const { topic, to } = record(body, "route");
  const name = readTopic(topic);
  if (to === undefined) return { topic: name };
  const selector = record(to, "route.to");
  const problem = selectorProblem(selector);
  if (problem !== undefined) {
    throw protocolError(`route.to.${problem.part} is not ${problem.expected}`);
  }
  return { topic: name, to: selector as Selector };
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
