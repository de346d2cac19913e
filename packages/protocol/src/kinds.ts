/**
 * What a frame is. Peers and the hub speak the same frames; the comment says who sends it. `docs/protocol.md` describes
 * each of them for whoever writes a client in another language.
 */
export const Kind = {
  /** Peer: who I am and which protocol versions I speak. */
  hello: 0x01,
  /** Hub: prove that you know the secret; here is the proof that I do. */
  challenge: 0x02,
  /** Peer: the proof. */
  auth: 0x03,
  /** Hub: you are in; this is your location. */
  welcome: 0x04,
  /** Either: the connection ends, and why. */
  goodbye: 0x05,
  /** Either: are you there? Answered by `pong` with the same correlation. */
  ping: 0x06,
  pong: 0x07,

  /** Peer: from now on this route number means this topic and this selector. */
  route: 0x10,
  /** Hub: from now on this topic number means this name. */
  topic: 0x11,
  /** Peer: I listen to, or handle, a topic. */
  listen: 0x12,
  /** Peer: I no longer do. */
  unlisten: 0x13,
  /** Peer: I take work (flag `ready`), or do not. */
  state: 0x14,
  /** Hub: this number is this peer; sent before the first frame that names it, and to watchers on change. */
  peer: 0x15,
  /** Hub: this peer has left. */
  peerGone: 0x16,
  /** Peer: who is there? Answered by `reply` with a list; with flag `watch` changes follow. */
  peers: 0x17,

  /** Peer: tell every listener. */
  event: 0x20,
  /** Peer: ask one handler. */
  request: 0x21,
  /** Peer: hand this event to one listener, and tell me when it is done. */
  consume: 0x22,
  /** Peer: ask every handler. */
  map: 0x23,
  /** Either: the answer to a request, consume or map. */
  reply: 0x24,
  /** Either: there will be no answer, and why: a fault code in the header, or an error as data in the body. */
  fault: 0x25,
  /** Either: no longer wanted. */
  cancel: 0x26,
  /** Hub: these are the peers that a map was sent to. */
  mapPlan: 0x27,
} as const;

export type Kind = (typeof Kind)[keyof typeof Kind];

const NAMES = new Map<number, string>(Object.entries(Kind).map(([name, kind]) => [kind, name]));

/** The name of a kind, for messages and logs. */
export function kindName(kind: number): string {
  return NAMES.get(kind) ?? `0x${kind.toString(16).padStart(2, "0")}`;
}

/** Whether the hub passes frames of this kind on as they came, header apart. */
export function isForwarded(kind: number): boolean {
  return (
    kind === Kind.event ||
    kind === Kind.request ||
    kind === Kind.reply ||
    kind === Kind.fault ||
    kind === Kind.consume
  );
}

/** Bits of the header's flags byte. */
export const Flag = {
  /** state, peer: takes work. */
  ready: 0x01,
  /** peers: send changes too. */
  watch: 0x01,
  /** listen, unlisten: as a handler of requests; without it as a listener to events. */
  handler: 0x01,
} as const;

/** Why the hub, or a peer's library, gave no answer. Zero: the body holds the error of the remote handler. */
export const Fault = {
  remote: 0,
  noResponder: 1,
  peerLost: 2,
  deadline: 3,
  overloaded: 4,
  cancelled: 5,
  tooLarge: 6,
  badPayload: 7,
} as const;

export type Fault = (typeof Fault)[keyof typeof Fault];
