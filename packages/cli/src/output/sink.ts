import { fstatSync, writeSync } from "node:fs";

/** Where a command prints. Writing never fails: a reader that has gone is told by `closed`, a full disk by `lost`. */
export interface Sink {
  /** Whether a person looks at it through a terminal. */
  readonly isTty: boolean;
  /** Whether colours are wanted. */
  readonly color: boolean;
  /** Width of the terminal; undefined where lines may be as long as they like. */
  readonly columns: number | undefined;
  /** Resolves when nobody reads any more, as in `elpis logs -f | head`. */
  readonly closed: Promise<void>;
  /** How many lines a file did not take. */
  readonly lost: number;
  /** Prints a line. Returns false when it could not. */
  line(text: string): boolean;
  /** Writes to the terminal as it is, such as to move the cursor; elsewhere nothing. */
  control(text: string): void;
  /** Resolves when everything is written, or cannot be. */
  flush(): Promise<void>;
}

/** The stream of a process, as far as a sink needs it. */
export type SinkStream = Pick<NodeJS.WriteStream, "write" | "on"> & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly fd?: number;
};

/** Wraps a stream of the process. */
export function createSink(stream: SinkStream, env: NodeJS.ProcessEnv): Sink {
  const isTty = stream.isTTY === true;
  const color = wantsColor(isTty, env);
  return !isTty && stream.fd !== undefined && isFile(stream.fd)
    ? fileSink(stream.fd, color)
    : streamSink(stream, isTty, color);
}

/** A broken pipe ends the printing, not the program. */
function streamSink(stream: SinkStream, isTty: boolean, color: boolean): Sink {
  let open = true;
  const closed = new Promise<void>((resolve) => {
    stream.on("error", () => {
      open = false;
      resolve();
    });
  });
  return {
    isTty,
    color,
    get columns() {
      return isTty ? stream.columns : undefined;
    },
    closed,
    lost: 0,
    line(text) {
      if (open) stream.write(`${text}\n`);
      return open;
    },
    control(text) {
      if (open && isTty) stream.write(text);
    },
    flush: () =>
      new Promise((resolve) => {
        if (open) stream.write("", () => resolve());
        else resolve();
      }),
  };
}

/** Node's own stream to a file ends for good at the first line that does not fit; a disk may have room again. */
function fileSink(fd: number, color: boolean): Sink {
  let lost = 0;
  return {
    isTty: false,
    color,
    columns: undefined,
    closed: new Promise(() => {}),
    get lost() {
      return lost;
    },
    line(text) {
      try {
        writeWhole(fd, Buffer.from(`${text}\n`));
        return true;
      } catch {
        lost += 1;
        return false;
      }
    },
    control: () => {},
    flush: async () => {},
  };
}

function writeWhole(fd: number, bytes: Buffer): void {
  let at = 0;
  while (at < bytes.length) at += writeSync(fd, bytes, at);
}

function isFile(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isFile() || stat.isCharacterDevice();
  } catch {
    // A descriptor that was closed before we began; the stream knows how to deal with it.
    return false;
  }
}

function wantsColor(isTty: boolean, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== "") return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== "0";
  return isTty && env.TERM !== "dumb";
}
