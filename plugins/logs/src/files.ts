export { type AsideFile, asidesOf } from "./files/aside.ts";
export { compressAsides } from "./files/compress.ts";
export { LogFile, type LogFileOptions } from "./files/log-file.ts";
export { prune, pruneTotal } from "./files/prune.ts";
export { type PutAside, putAside } from "./files/put-aside.ts";
export { recover } from "./files/recover.ts";
export { decideRotation, type FileState, type RotationDecision } from "./files/rotation.ts";
export { spanName, spanOf } from "./files/spans.ts";
export type { Retention, RotationPolicy, Span } from "./files/types.ts";
export { type DecodedLine, decodeLine } from "./lines/decode.ts";
export {
  encodeJson,
  encoderOf,
  encodeText,
  type LineEncoder,
  type LineFormat,
  type LineSource,
} from "./lines/encode.ts";
export { isAtLeast, LEVELS, type Level, levelOf } from "./lines/level.ts";
export { acceptsLine, isFrom, type LineFilter, parseSince } from "./read/filter.ts";
export { type FollowOptions, followLines } from "./read/follow-lines.ts";
export type { LogPosition } from "./read/position.ts";
export { type LastLines, type ReadOptions, readLines } from "./read/read-lines.ts";
export type { LogsTopics } from "./topics.ts";
export { filesOfProcess, type LogsPlace, placeFile, readPlace } from "./where.ts";
