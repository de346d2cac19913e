import { connect as connectSocket, type Socket } from "node:net";
import { hasCode } from "@elpis/api";
import { hubClosed, unreachable } from "../errors.ts";
import { checkSocketPath } from "../local/runtime-dir.ts";
import { SocketLink } from "../wire/link.ts";
import { type HandshakeOptions, type Joining, openSession } from "./handshake.ts";

/** A hub that was just started may be there before its secret is: so many times the same one may be refused. */
const MAX_REFUSALS = 3;
const DEFAULT_TIMEOUT_MS = 5000;

/** Where a hub is, and what a peer from outside has to know. */
export interface HubAddress {
  readonly path: string;
  readonly secret: string;
}

/** Makes connections from outside, one after the other, to wherever the hub is at that time. */
export class Dialer {
  readonly #find: () => HubAddress;
  readonly #options: Omit<HandshakeOptions, "secret">;
  #refused: { readonly secret: string; readonly times: number } | undefined;

  /** @param find where the hub is by then; may throw when there is none */
  constructor(find: () => HubAddress, options: Omit<HandshakeOptions, "secret">) {
    this.#find = find;
    this.#options = options;
  }

  /**
   * The first connection: every failure is told as it is.
   * @throws ELPIS_HUB_UNREACHABLE, ELPIS_HUB_PATH_TOO_LONG, ELPIS_HUB_FULL, ELPIS_PROTOCOL_AUTH, ELPIS_PROTOCOL_VERSION
   */
  dial(address: HubAddress, host: Joining): Promise<void> {
    return this.#dial(address, host);
  }

  /** A later one: a proof that is refused counts when it is refused again, though nothing says otherwise any more. */
  async redial(host: Joining, signal: AbortSignal): Promise<void> {
    const address = this.#find();
    try {
      await this.#dial(address, host, signal);
      this.#refused = undefined;
    } catch (error) {
      if (!hasCode(error, "ELPIS_PROTOCOL_AUTH")) throw error;
      const { secret, path } = address;
      const times = this.#refused?.secret === secret ? this.#refused.times + 1 : 1;
      this.#refused = { secret, times };
      if (times >= MAX_REFUSALS) throw error;
      throw unreachable(path, "it has another secret now", error);
    }
  }

  async #dial({ path, secret }: HubAddress, host: Joining, signal?: AbortSignal): Promise<void> {
    const { timeoutMs = DEFAULT_TIMEOUT_MS } = this.#options;
    checkSocketPath(path);
    const begun = performance.now();
    const socket = await openSocket(path, timeoutMs, signal);
    const left = Math.max(1, Math.ceil(timeoutMs - (performance.now() - begun)));
    const stop = (): void => void socket.destroy();
    signal?.addEventListener("abort", stop, { once: true });
    try {
      await openSession(
        new SocketLink(socket),
        { ...this.#options, secret, timeoutMs: left },
        host,
      );
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }
}

function openSocket(path: string, timeoutMs: number, signal?: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket(path);
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      socket.off("error", onError);
      socket.off("connect", onConnect);
    };
    const give = (error: Error): void => {
      settle();
      // A socket without a listener for errors ends the process.
      socket.on("error", () => {});
      socket.destroy();
      reject(error);
    };
    const onError = (error: NodeJS.ErrnoException): void =>
      give(unreachable(path, error.code ?? error.message, error));
    const onAbort = (): void => give(hubClosed("this peer left"));
    const onConnect = (): void => {
      settle();
      resolve(socket);
    };
    const timer = setTimeout(
      () => give(unreachable(path, `no answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    socket.once("error", onError);
    socket.once("connect", onConnect);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
