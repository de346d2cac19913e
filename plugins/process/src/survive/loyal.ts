import type { Socket } from "node:net";
import type { HubClient } from "@elpis/core/internal";
import {
  type HeldPort,
  type OfferedNote,
  PORT_COMMAND,
  type PortOffer,
} from "../ports/port-messages.ts";
import { canReopen, WorkerChannel } from "./channel-of-worker.ts";
import { comeBack, type Returning, readReturning } from "./comeback.ts";
import { goOnReading } from "./line-talk.ts";

/** What it offers a new master: the sockets that it listens with. */
export interface PortHolder {
  held(): readonly HeldPort[];
  /** There is a channel again. */
  reopened(): void;
}

/**
 * Keeps this process serving when its master is gone, and brings it to the next one: its link to the hub with everything that
 * hangs on it, then the channel of Node, over which it hands over what it listens on.
 */
export class Loyal {
  readonly #returning: Returning;
  readonly #channel = new WorkerChannel();
  readonly #gone = new AbortController();
  #isReopening = false;

  /** @param returning what the master had said at the start; to be made before the application adds listeners */
  constructor(returning: string) {
    this.#returning = readReturning(returning);
    // What is written goes to a file; that it is full must not end this process.
    for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  }

  /** Comes to the next master, as soon as there is one. @throws as `comeBack` */
  async redial(signal: AbortSignal): Promise<Socket> {
    const socket = await comeBack(this.#returning, "hub", signal);
    goOnReading(socket);
    return socket;
  }

  follow(client: HubClient, ports: PortHolder): void {
    client.onConnection(({ type }) => {
      if (type === "back" && !process.connected && canReopen) void this.#reopen(ports);
    });
    void client.closed.then(() => this.#gone.abort());
  }

  async #reopen(ports: PortHolder): Promise<void> {
    if (this.#isReopening) return;
    this.#isReopening = true;
    try {
      this.#channel.open(await comeBack(this.#returning, "channel", this.#gone.signal));
      offer(ports.held());
      ports.reopened();
    } catch (error) {
      // It serves as before; only further listens find no master.
      console.error("elpis: the channel to the new master could not be opened:", error);
    } finally {
      this.#isReopening = false;
    }
  }
}

/** Each by itself, as one message carries one handle; then that these were all. */
function offer(held: readonly HeldPort[]): void {
  const { send } = process;
  if (send === undefined) return;
  const tell = (note: PortOffer | OfferedNote, handle?: object): void => {
    const rest = [note, handle, {}, () => {}] as unknown as Parameters<typeof send>;
    send.apply(process, rest);
  };
  const cmd = PORT_COMMAND;
  for (const { wish, answer, handle } of held) {
    const { seq, mode, name } = answer;
    const boundPort = name?.port ?? wish.port;
    // Of the others the master binds the port again.
    const shared = mode === "shared" ? handle : undefined;
    tell({ cmd, what: "offer", seq, ...wish, mode, boundPort }, shared);
  }
  tell({ cmd, what: "offered" });
}
