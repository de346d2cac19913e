export { BodyCodec, emptyFrame, frameAround } from "./body.ts";
export {
  type Auth,
  type BalanceName,
  type Challenge,
  type Goodbye,
  type Hello,
  type RouteBody,
  readAuth,
  readChallenge,
  readGoodbye,
  readHello,
  readLocation,
  readRecord,
  readRoute,
  readTopic,
  readWelcome,
  type Welcome,
} from "./control.ts";
export {
  frameTooLarge,
  notAuthentic,
  notPackable,
  protocolError,
  versionMismatch,
} from "./errors.ts";
export {
  addPadding,
  bodyEnd,
  bodyStart,
  codeOf,
  correlationOf,
  extensionOf,
  flagsOf,
  HEADER_BYTES,
  isSound,
  kindOf,
  paddingOf,
  remainingOf,
  setCode,
  setCorrelation,
  setExtension,
  setFlags,
  setKind,
  setRemaining,
  setSize,
  setSource,
  setTopic,
  sizeOf,
  sourceOf,
  targetOf,
  topicOf,
  writeHeader,
} from "./header.ts";
export { Fault, Flag, isForwarded, Kind, kindName } from "./kinds.ts";
export {
  HUB_TOPIC_PREFIX,
  LANE_BYTES,
  LANE_MESSAGES,
  MAX_FRAME_BYTES,
  MAX_HANDSHAKE_BYTES,
  MAX_LISTENS,
  MAX_RECORD_BYTES,
  MAX_RECORD_KEYS,
  MAX_RECORDS,
  MAX_ROUTES,
  MAX_TOPIC_BYTES,
  PROTOCOL_VERSION,
} from "./limits.ts";
export { sharedRecords } from "./packing.ts";
export { isSameProof, makeNonce, makeProof, NONCE_BYTES } from "./proof.ts";
export { RecordReader } from "./records.ts";
export { scan } from "./scan.ts";
export { type FrameSink, Splitter } from "./splitter.ts";
