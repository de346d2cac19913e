import { lookup } from "node:dns/promises";
import net from "node:net";
import { type ListenWish, readListenArguments } from "./listen-arguments.ts";
import { listenError, nameAddress } from "./listen-error.ts";
import type { Grant, PortClient } from "./port-client.ts";
import type { OpenServer, ServerRegistry } from "./servers.ts";

/** What sharing needs. */
export interface SharingContext {
  readonly ports: PortClient;
  readonly servers: ServerRegistry;
  /** Called each time that a server of this process listens, on whatever. */
  readonly onListening: () => void;
}

type Method = (this: net.Server, ...args: unknown[]) => net.Server;

/**
 * Makes `listen` of every TCP server in this process ask the master for the socket. All of `net`, `http`, `https`,
 * `http2` and `tls` go through this one method. Callback, events, errors and `close()` are those of Node.
 */
export function shareListen(context: SharingContext): void {
  const prototype = net.Server.prototype as unknown as { listen: Method; close: Method };
  const { listen, close } = prototype;
  const sharing = new Sharing(context, listen);
  prototype.listen = function (...args) {
    context.servers.watch(this, context.onListening);
    const wish = (this as OpenServer)._handle ? undefined : readListenArguments(args);
    if (wish === undefined) return listen.apply(this, args);
    sharing.begin(this, wish);
    return this;
  };
  prototype.close = function (...args) {
    sharing.end(this);
    return close.apply(this, args);
  };
}

/** One call of `listen` that is under way. */
interface Attempt {
  readonly server: net.Server;
  readonly wish: ListenWish;
}

class Sharing {
  readonly #context: SharingContext;
  readonly #listen: Method;
  readonly #pending = new Map<net.Server, Attempt>();
  readonly #keys = new Map<net.Server, string>();
  #turn = 0;

  constructor(context: SharingContext, listen: Method) {
    this.#context = context;
    this.#listen = listen;
  }

  /** @throws ERR_SERVER_ALREADY_LISTEN, as Node does */
  begin(server: net.Server, wish: ListenWish): void {
    if (this.#pending.has(server)) throw alreadyListening();
    const attempt = { server, wish };
    this.#pending.set(server, attempt);
    if (wish.callback !== undefined) server.once("listening", wish.callback);
    const abort = (): void => void server.close();
    if (wish.signal?.aborted === true) process.nextTick(abort);
    else wish.signal?.addEventListener("abort", abort, { once: true });
    // Counted here, as the order of the calls is the same in every instance; that of the lookups is not.
    if (wish.port === 0) this.#turn += 1;
    void this.#run(attempt, wish.port === 0 ? this.#turn : 0);
  }

  /** The server is being closed. */
  end(server: net.Server): void {
    this.#pending.delete(server);
    const key = this.#keys.get(server);
    this.#keys.delete(server);
    if (key !== undefined) this.#context.ports.release(key);
  }

  async #run(attempt: Attempt, turn: number): Promise<void> {
    const { server, wish } = attempt;
    let address: string | undefined;
    try {
      address = await resolveHost(wish.host);
      const { port, ipv6Only } = wish;
      const grant = await this.#context.ports.ask({
        address: address ?? null,
        port,
        ipv6Only,
        turn,
      });
      if (!this.#isCurrent(attempt)) this.#giveBack(grant);
      else if (grant.handle === undefined) throw listenError(grant.errno, address, port);
      else this.#attach(attempt, grant, address);
    } catch (error) {
      if (!this.#isCurrent(attempt)) return;
      this.#pending.delete(server);
      // Outside of this promise: an error that nobody listens to must end the process, as ever.
      process.nextTick(() => server.emit("error", error));
    }
  }

  #attach({ server, wish }: Attempt, grant: Grant, address: string | undefined): void {
    this.#pending.delete(server);
    this.#keys.set(server, grant.key);
    const onError = (error: Error): void => {
      nameAddress(error, address, wish.port);
      this.end(server);
      // By being there, this listener has kept Node from ending the process.
      if (server.listenerCount("error") === 0) throw error;
    };
    server.prependOnceListener("error", onError);
    server.once("listening", () => server.off("error", onError));
    this.#listen.call(server, grant.handle, wish.backlog);
  }

  /** The server was closed before its socket came. */
  #giveBack({ handle, key }: Grant): void {
    if (handle === undefined) return;
    (handle as { close(): void }).close();
    this.#context.ports.release(key);
  }

  #isCurrent(attempt: Attempt): boolean {
    return this.#pending.get(attempt.server) === attempt;
  }
}

async function resolveHost(host: string | undefined): Promise<string | undefined> {
  if (host === undefined || net.isIP(host) !== 0) return host;
  return (await lookup(host)).address;
}

function alreadyListening(): Error {
  const error = new Error("Listen method has been called more than once without closing.");
  return Object.assign(error, { code: "ERR_SERVER_ALREADY_LISTEN" });
}
