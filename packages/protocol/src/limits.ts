/** Bounds of the protocol. Those that a hub may set lower or higher are told to its peers in `welcome`. */
export const PROTOCOL_VERSION = 1;

/** Largest frame by default, in bytes; the size field is checked before anything is kept. */
export const MAX_FRAME_BYTES: number = 1024 * 1024;

/** Largest frame before a peer has proved who it is, in bytes. */
export const MAX_HANDSHAKE_BYTES = 4096;

/** Longest topic name, in UTF-8 bytes. */
export const MAX_TOPIC_BYTES = 255;

/** Route numbers that one connection may declare. */
export const MAX_ROUTES = 4096;

/** Topics that one connection may listen to or handle. */
export const MAX_LISTENS = 4096;

/** Events that one peer may have under way to one other before it is told to wait, and their bytes. */
export const LANE_MESSAGES = 256;
export const LANE_BYTES: number = 1024 * 1024;

/** Topics under this prefix are handled by the hub's own peer and by nobody else. */
export const HUB_TOPIC_PREFIX = "elpis.hub.";

/** Shapes of objects that one connection may declare as records, and the names in one of them. */
export const MAX_RECORDS = 32;
export const MAX_RECORD_KEYS = 64;
/** Bytes of all names of one record. */
export const MAX_RECORD_BYTES = 1024;
