/**
 * Marks what master and workers say to each other about ports. Node keeps messages with this prefix from listeners to
 * `message`, so that an application with `process.once("message")` does not get a connection that is not meant for it.
 */
export const PORT_COMMAND = "NODE_ELPIS";

interface PortMessage {
  readonly cmd: typeof PORT_COMMAND;
}

/** A worker asks its master for a socket that is bound to a port. */
export interface ListenQuestion extends PortMessage {
  readonly what: "listen";
  /** The worker's number for this listen; all that follows about it names it. */
  readonly seq: number;
  /** An IP address; null: every interface. */
  readonly address: string | null;
  readonly port: number;
  readonly ipv6Only: boolean;
  /** Tells the listens on port 0 of one worker apart; 0 for every other port. */
  readonly turn: number;
  /** How many connections the system keeps until they are accepted; 0: as Node does. */
  readonly backlog: number;
}

/**
 * How a worker comes to its connections: `shared` the bound socket comes with the answer; `handed` the master accepts,
 * and sends them; `own` it binds the port for itself.
 */
export type ListenMode = "shared" | "handed" | "own";

/** Address of a socket, in the form in which Node's handles give it. */
export interface SocketName {
  readonly address: string;
  readonly family: string;
  readonly port: number;
}

/** The answer to a {@link ListenQuestion}. */
export interface ListenAnswer extends PortMessage {
  readonly what: "listen";
  readonly seq: number;
  /** The system's (negative) error number, or 0. */
  readonly errno: number;
  readonly mode: ListenMode;
  /** What is bound; absent with an error. */
  readonly name?: SocketName;
  /** Whether the master wants to hear of each connection that has closed. */
  readonly counted: boolean;
}

/** A connection for a worker; it travels with this message. */
export interface ConnectionNote extends PortMessage {
  readonly what: "connection";
  readonly seq: number;
  readonly id: number;
}

/** A worker does not use a socket any more. */
export interface ReleaseNote extends PortMessage {
  readonly what: "release";
  readonly seq: number;
  /** The worker is leaving: its replacement goes on where it stopped, so the port stays. */
  readonly stays: boolean;
}

/**
 * What has become of a connection: `taken` the worker has it, and reads nothing before this is written; `refused` it has
 * not read and will not read it; `returned` it was taken too late, unread, and comes back with this message.
 */
export interface ConnectionAnswer extends PortMessage {
  readonly what: "taken" | "refused" | "returned";
  readonly seq: number;
  readonly id: number;
}

/** So many connections that a worker had taken are closed. */
export interface ClosedNote extends PortMessage {
  readonly what: "closed";
  readonly seq: number;
  readonly count: number;
}

/** Everything that a worker says about ports. */
export type WorkerNote = ListenQuestion | ReleaseNote | ConnectionAnswer | ClosedNote;

/** Everything that the master says about ports. */
export type MasterNote = ListenAnswer | ConnectionNote;

/** What a port is asked for with. */
export type PortWish = Omit<ListenQuestion, "cmd" | "what" | "seq">;

/** What a server of a worker listens with, and how it came to it. */
export interface HeldPort {
  readonly wish: PortWish;
  readonly answer: ListenAnswer;
  readonly handle: object;
}

/** A worker that an earlier master had started tells what it listens on; a socket that is shared comes with it. */
export interface PortOffer extends Omit<ListenQuestion, "what"> {
  readonly what: "offer";
  readonly mode: ListenMode;
  /** Port that it has got. */
  readonly boundPort: number;
}

/** It has told of all. */
export interface OfferedNote extends PortMessage {
  readonly what: "offered";
}

type Found = Readonly<Record<string, unknown>>;

/** Whether a message from a worker is about ports. */
export function isWorkerNote(message: unknown): message is WorkerNote {
  if (!isOurs(message) || !isCount(message.seq)) return false;
  switch (message.what) {
    case "taken":
    case "refused":
    case "returned":
      return isCount(message.id);
    case "closed":
      return isCount(message.count);
    case "release":
      return typeof message.stays === "boolean";
    case "listen":
      return isQuestion(message);
    default:
      return false;
  }
}

/** Whether a message from a worker of an earlier master tells what it listens on, or that this was all. */
export function isOffer(message: unknown): message is PortOffer | OfferedNote {
  if (!isOurs(message)) return false;
  if (message.what === "offered") return true;
  const { what, seq, mode, boundPort } = message;
  const isKnown = mode === "shared" || mode === "handed" || mode === "own";
  const isNamed = isKnown && isCount(boundPort) && boundPort <= 65_535;
  return what === "offer" && isCount(seq) && isNamed && isQuestion(message);
}

/** Whether a message from the master is about ports. */
export function isMasterNote(message: unknown): message is MasterNote {
  return isOurs(message) && (message.what === "connection" || message.what === "listen");
}

function isQuestion({ address, port, ipv6Only, turn, backlog }: Found): boolean {
  return (
    (address === null || typeof address === "string") &&
    isCount(port) &&
    port <= 65_535 &&
    typeof ipv6Only === "boolean" &&
    isCount(turn) &&
    isCount(backlog)
  );
}

function isOurs(message: unknown): message is Found {
  return typeof message === "object" && message !== null && (message as Found).cmd === PORT_COMMAND;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
