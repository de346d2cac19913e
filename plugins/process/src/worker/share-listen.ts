import { lookup } from "node:dns/promises";
import net from "node:net";
import type { HeldPort, ListenAnswer, PortWish, SocketName } from "../ports/port-messages.ts";
import { HandedListener } from "./handed-listener.ts";
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
 * Makes `listen` of every TCP server in this process ask the master: it gives the socket, or
 * the connections, as the policy of the process is. All of `net`, `http`, `https`,
 * `http2` and `tls` go through this one method. Callback, events, errors and `close()` are those of Node.
 *
 * @returns what this process listens on at that time, of what the master had given it
 */
export function shareListen(context: SharingContext): () => HeldPort[] {
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
  return () => sharing.held();
}

/** One call of `listen` that is under way. */
interface Attempt {
  readonly server: net.Server;
  readonly wish: ListenWish;
  /** The number of its question, once it is asked. */
  seq: number | undefined;
}

/** What a server has got. */
type Granted = Omit<HeldPort, "handle">;

class Sharing {
  readonly #context: SharingContext;
  readonly #listen: Method;
  readonly #pending = new Map<net.Server, Attempt>();
  readonly #granted = new Map<net.Server, Granted>();
  #turn = 0;

  constructor(context: SharingContext, listen: Method) {
    this.#context = context;
    this.#listen = listen;
  }

  /** @throws ERR_SERVER_ALREADY_LISTEN, as Node does */
  begin(server: net.Server, wish: ListenWish): void {
    if (this.#pending.has(server)) throw alreadyListening();
    const attempt = { server, wish, seq: undefined };
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
    const seq = this.#pending.get(server)?.seq ?? this.#granted.get(server)?.answer.seq;
    this.#pending.delete(server);
    this.#granted.delete(server);
    if (seq !== undefined) this.#context.ports.release(seq);
  }

  /** One that takes no more connections has let go of it. */
  held(): HeldPort[] {
    return [...this.#granted].flatMap(([server, granted]) => {
      const handle = (server as OpenServer)._handle;
      return handle ? [{ ...granted, handle }] : [];
    });
  }

  async #run(attempt: Attempt, turn: number): Promise<void> {
    const { port, ipv6Only, host, backlog = 0 } = attempt.wish;
    const fail = (error: unknown): void => this.#fail(attempt, error);
    let address: string | undefined;
    try {
      address = await resolveHost(host);
    } catch (error) {
      fail(error);
    }
    if (!this.#isCurrent(attempt)) return;
    const wish = { address: address ?? null, port, ipv6Only, turn, backlog };
    attempt.seq = this.#context.ports.ask(wish, {
      onGrant: (grant) => {
        if (!this.#isCurrent(attempt)) giveBack(grant);
        else if (grant.answer.errno !== 0) fail(listenError(grant.answer.errno, address, port));
        else this.#attach(attempt, grant, wish);
      },
      onError: fail,
    });
  }

  #fail(attempt: Attempt, error: unknown): void {
    if (!this.#isCurrent(attempt)) return;
    this.#pending.delete(attempt.server);
    // On its own: an error that nobody listens to must end the process, as ever.
    process.nextTick(() => attempt.server.emit("error", error));
  }

  #attach({ server, wish }: Attempt, grant: Grant, asked: PortWish): void {
    this.#pending.delete(server);
    this.#granted.set(server, { wish: asked, answer: grant.answer });
    const onError = (error: Error): void => {
      nameAddress(error, asked.address ?? undefined, wish.port);
      this.end(server);
      // By being there, this listener has kept Node from ending the process.
      if (server.listenerCount("error") === 0) throw error;
    };
    server.prependOnceListener("error", onError);
    server.once("listening", () => server.off("error", onError));
    try {
      this.#start(server, wish, grant);
    } catch (error) {
      process.nextTick(() => server.emit("error", error));
    }
  }

  #start(server: net.Server, { backlog, host, ipv6Only }: ListenWish, grant: Grant): void {
    const { handle, answer } = grant;
    if (answer.mode === "handed") this.#takeConnections(server, answer, backlog);
    else if (answer.mode === "shared") this.#listen.call(server, handle, backlog);
    else {
      const port = answer.name?.port;
      this.#listen.call(server, { port, host, backlog, ipv6Only, reusePort: true });
    }
  }

  #takeConnections(server: net.Server, answer: ListenAnswer, backlog: number | undefined): void {
    const { seq, counted } = answer;
    const { ports } = this.#context;
    const listener = new HandedListener({
      name: answer.name as SocketName,
      onClosed: counted ? (count) => ports.closed(seq, count) : undefined,
      // Also when only its handle is closed, as on the way out.
      onClose: () => this.#release(server, seq),
    });
    ports.takeWith(seq, listener);
    listener.attach(server, backlog);
  }

  #release(server: net.Server, seq: number): void {
    if (this.#granted.get(server)?.answer.seq !== seq) return;
    this.#granted.delete(server);
    this.#context.ports.release(seq);
  }

  #isCurrent(attempt: Attempt): boolean {
    return this.#pending.get(attempt.server) === attempt;
  }
}

/** The server was closed before its socket came. */
function giveBack({ handle }: Grant): void {
  (handle as { close(): void } | undefined)?.close();
}

async function resolveHost(host: string | undefined): Promise<string | undefined> {
  if (host === undefined || net.isIP(host) !== 0) return host;
  return (await lookup(host)).address;
}

function alreadyListening(): Error {
  const error = new Error("Listen method has been called more than once without closing.");
  return Object.assign(error, { code: "ERR_SERVER_ALREADY_LISTEN" });
}
