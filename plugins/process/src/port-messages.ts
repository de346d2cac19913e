/** A worker asks its master for a socket that is bound to a port. */
export interface ListenQuestion {
  readonly elpis: "listen";
  /** The worker's number for the question. */
  readonly seq: number;
  /** An IP address; null: every interface. */
  readonly address: string | null;
  readonly port: number;
  readonly ipv6Only: boolean;
  /** Tells the listens on port 0 of one worker apart; 0 for every other port. */
  readonly turn: number;
}

/** The answer; the socket travels with it unless `errno` says why there is none. */
export interface ListenAnswer {
  readonly elpis: "listen";
  readonly seq: number;
  /** The system's (negative) error number, or 0. */
  readonly errno: number;
  /** Names the socket in a {@link ReleaseNote}. */
  readonly key: string;
}

/** A worker does not use a socket any more, and will not go on to. */
export interface ReleaseNote {
  readonly elpis: "release";
  readonly key: string;
}

/** Whether a message from a worker is about ports. */
export function isPortMessage(message: unknown): message is ListenQuestion | ReleaseNote {
  if (typeof message !== "object" || message === null) return false;
  const found = message as Partial<Record<keyof ListenQuestion | "key", unknown>>;
  if (found.elpis === "release") return typeof found.key === "string";
  return (
    found.elpis === "listen" &&
    Number.isSafeInteger(found.seq) &&
    (found.address === null || typeof found.address === "string") &&
    Number.isSafeInteger(found.port) &&
    typeof found.ipv6Only === "boolean" &&
    Number.isSafeInteger(found.turn)
  );
}

/** Whether a message from the master answers a {@link ListenQuestion}. */
export function isListenAnswer(message: unknown): message is ListenAnswer {
  if (typeof message !== "object" || message === null) return false;
  const found = message as Partial<Record<keyof ListenAnswer, unknown>>;
  return (
    found.elpis === "listen" && typeof found.errno === "number" && typeof found.key === "string"
  );
}
