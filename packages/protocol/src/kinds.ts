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
  /** Peer: open a stream with one handler. It ends with the handler's reply or fault, as a request does. */
  open: 0x28,
  /** Peer: an item of a stream, in either direction. */
  data: 0x29,
  /** Caller: no more items will come from me. */
  end: 0x2a,
  /**
   * So many more may be sent: messages in `topic`, bytes in `remaining`. Between the two ends of a stream, or from the hub,
   * with flag `lane`, for events to the one peer in `source`.
   */
  credit: 0x2b,
  /** Hub: events on the route in `topic` did not reach the peer in `source`; how many is in `remaining`. */
  dropped: 0x2c,
  /** Peer: the names of the fields of a record, under the number in `topic`; passed on before a body that needs it. */
  record: 0x2d,
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
    kind === Kind.consume ||
    kind === Kind.data ||
    kind === Kind.open
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
  /** listen: when too much waits, the oldest events make room. */
  dropOld: 0x02,
  /** listen: when too much waits, the peer is disconnected. */
  disconnect: 0x04,
  /** event: answer with a reply that says how many peers got it. */
  report: 0x01,
  /** event, request, consume, open: keep it until somebody is there, or its time is over. */
  wait: 0x02,
  /** peer: it reads records, so events to it alone may have some. */
  reads: 0x02,
  /** A body with records of its sender: request, consume, map, open, reply, data, event to one peer. */
  records: 0x80,
  /** request, consume, map, open: the sender reads records, so the answer may have some. */
  readsRecords: 0x40,
  /** fault: nobody began with the call, and its body is that of the call, which may be made again. */
  returned: 0x04,
  /** data, credit: it comes from the side that serves the stream. */
  served: 0x01,
  /** credit: for events to one peer, not for a stream. */
  lane: 0x02,
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
  /** The callee reads no records; the body is that of the call, which may be made again without. */
  plain: 8,
} as const;

export type Fault = (typeof Fault)[keyof typeof Fault];
