import { ElpisError, toText } from "@elpis/api";

/** The bytes do not follow the protocol. The connection cannot be used any more. */
export function protocolError(what: string, details: Record<string, unknown> = {}): ElpisError {
  return new ElpisError(
    "ELPIS_PROTOCOL_INVALID",
    `The other side does not follow the protocol: ${what}.`,
    {
      details,
    },
  );
}

/** A frame announces more bytes than allowed. */
export function frameTooLarge(size: number, limit: number): ElpisError {
  return new ElpisError(
    "ELPIS_PROTOCOL_FRAME_TOO_LARGE",
    `A frame of ${size} bytes is over the limit of ${limit} bytes; send large data in parts or raise maxFrameBytes.`,
    { details: { size, limit } },
  );
}

/** The two sides have no protocol version in common. */
export function versionMismatch(theirs: readonly [number, number], ours: number): ElpisError {
  return new ElpisError(
    "ELPIS_PROTOCOL_VERSION",
    `The peer speaks protocol versions ${theirs[0]} to ${theirs[1]}, this hub speaks ${ours}; update the older side.`,
    { details: { theirs, ours } },
  );
}

/** Somebody could not prove that it knows the secret. */
export function notAuthentic(who: "hub" | "peer"): ElpisError {
  return new ElpisError(
    "ELPIS_PROTOCOL_AUTH",
    who === "hub"
      ? "The hub could not prove that it knows the secret; it is not the one that was meant."
      : "The peer could not prove that it knows the secret of this hub.",
  );
}

/** A value cannot be packed. */
export function notPackable(cause: unknown): ElpisError {
  const reason = cause instanceof Error ? cause.message : toText(cause);
  return new ElpisError(
    "ELPIS_PROTOCOL_NOT_PACKABLE",
    `The value cannot be sent (${reason}); send plain data: no functions, symbols or cyclic references.`,
    { cause },
  );
}

/** What may be wrong with a body, by `details.reason`. */
const BAD_BODY = {
  truncated: "it ends before its value does",
  trailing: "something follows its value",
  depth: "its lists and maps lie too deep in one another",
  entries: "its lists and maps have too many entries",
  keys: "a map has too many keys",
  key: "a key is not a text, or is __proto__",
  reserved: "it has the byte 0xc1 where a value begins",
  extension: "it has an extension that is not known, or not well-formed",
  record: "it has a record that its sender has not declared",
  unreadable: "it cannot be built",
} as const;

/** A body is not one value that may be sent. `at` is where in the body that was seen. */
export function badBody(reason: keyof typeof BAD_BODY, at: number): ElpisError {
  return new ElpisError(
    "ELPIS_PROTOCOL_BAD_BODY",
    `A body was refused at byte ${at}: ${BAD_BODY[reason]}. The sender must keep to the values of the protocol.`,
    { details: { reason, at } },
  );
}
