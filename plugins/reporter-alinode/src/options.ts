import { tmpdir } from "node:os";
import type { Duration, Temporality } from "@elpis/api";

/** What a command of the server is answered with; what it throws is answered as well. */
export type AlinodeCommand = (
  /** The words behind the name of the command. */
  args: readonly string[],
  /** Aborted when the server does not wait any longer. */
  signal: AbortSignal,
) => string | Promise<string>;

/** A server of Alinode that is spoken to without a collector beside. */
export interface AlinodeServerOptions {
  /** Of its WebSocket: `ws://` or `wss://`. */
  readonly url: string;
  readonly appid: string;
  /** Signs every message. It is never sent or shown. */
  readonly secret: string;
  /** Name of this machine there. @default the name of the host */
  readonly agentid?: string;
  /** How often the server is told that this side is there; after three without an answer it is connected anew. @default "60s" */
  readonly heartbeat?: Duration;
  /** What the server may ask for, by name. Everything else is refused; nothing is ever run as a program. @default none */
  readonly commands?: Readonly<Record<string, AlinodeCommand>>;
}

/** What the reporter for Alinode is told. */
export interface AlinodeOptions {
  /**
   * Where the log files are written: the folder that the collector reads. `false`: nowhere.
   * @default `NODE_LOG_DIR`, or the folder for temporary files; `false` when there is a `server`
   */
  readonly dir?: string | false;
  /** Whether HTTP requests that spans tell of go to `access-YYYYMMDD.log` as well. @default false */
  readonly access?: boolean;
  /** Lines of each file in a minute. The collector reads the last 250 of all who write them. @default 200 */
  readonly lines?: number;
  /** Values of a name are multiplied by it, since the collector reads two digits behind the point. @default none; seconds become milliseconds */
  readonly scale?: Readonly<Record<string, number>>;
  /** Whether counters and histograms are totals, or what came since the last time. @default "cumulative" */
  readonly temporality?: Temporality;
  readonly server?: AlinodeServerOptions;
}

/** Where files go; undefined for nowhere. */
export function folderOf({ dir, server }: AlinodeOptions): string | undefined {
  if (dir === false || (dir === undefined && server !== undefined)) return undefined;
  return dir ?? process.env.NODE_LOG_DIR ?? tmpdir();
}
