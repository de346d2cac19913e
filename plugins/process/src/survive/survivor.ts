import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import type { Location, Logger } from "@elpis/api";
import type { Hub } from "@elpis/core";
import { guardChannel } from "../child/channel-guard.ts";
import type { PortBroker } from "../ports/port-broker.ts";
import { isOffer } from "../ports/port-messages.ts";
import { openChannelTo } from "./channel-of-master.ts";
import type { Expected } from "./door.ts";
import { signalSaved } from "./ending.ts";
import { goOnReading } from "./line-talk.ts";
import type { Candidate } from "./plan.ts";
import type { Purpose } from "./proof.ts";

/** What a survivor comes back to. */
export interface Home {
  readonly app: string;
  readonly hub: Hub;
  readonly ports: PortBroker;
  readonly log: Logger;
}

/** A process of an earlier master on its way to this one: first its link comes, then its channel with what it listens on. */
export class Survivor implements Expected {
  readonly candidate: Candidate;
  readonly token: string;
  /** Resolves when it is here with all that it has. A command is, from the beginning: it has nothing to bring. */
  readonly arrived: Promise<void>;
  /** It is told when the process has another number on the hub. */
  onPeer: (peerId: number) => void = () => {};
  readonly #home: Home;
  #channel: ChildProcess | undefined;
  #peerId: number | undefined;
  #arrive: () => void = () => {};

  constructor(candidate: Candidate, home: Home) {
    this.candidate = candidate;
    this.token = candidate.unit.token ?? "";
    this.#home = home;
    this.arrived = new Promise((resolve) => {
      this.#arrive = resolve;
    });
    if (this.isCommand) this.#arrive();
  }

  get isCommand(): boolean {
    return this.candidate.definition.command !== undefined;
  }

  /** Its number on the hub; undefined: it has not come. */
  get peerId(): number | undefined {
    return this.#peerId;
  }

  /** The channel over which it asks for ports; undefined: it has not come. */
  get channel(): ChildProcess | undefined {
    return this.#channel;
  }

  onSocket(purpose: Purpose, socket: Socket): void {
    if (purpose === "hub") this.#join(socket);
    else this.#open(socket);
  }

  #join(socket: Socket): void {
    const { unit, definition } = this.candidate;
    const { app, hub } = this.#home;
    const { name, index, pid, epoch } = unit;
    const location: Omit<Location, "id"> = { app, role: definition.role, name, index, pid, epoch };
    goOnReading(socket);
    this.#peerId = hub.adopt(socket, location);
    this.onPeer(this.#peerId);
  }

  #open(socket: Socket): void {
    const { unit, definition } = this.candidate;
    const { name, index, pid } = unit;
    const { ports, log } = this.#home;
    try {
      const channel = openChannelTo(pid, socket);
      channel.on("error", (error) =>
        log.debug("a process was not reached", { error: error.message }),
      );
      channel.on("message", () => {
        log.debug("a message over the channel of Node is not for the master", { process: name });
      });
      guardChannel(channel, {
        onBroken: (error) => this.#onBroken(error),
        onEnd: () => ports.forget(channel),
      });
      ports.join({ process: name, index, child: channel, balance: definition.balance });
      channel.on("internalMessage", (message: unknown, handle: unknown) =>
        this.#hear(channel, message, handle),
      );
      this.#channel = channel;
    } catch (error) {
      // It is taken over all the same; what that means is said when all have come.
      log.debug("a channel could not be opened", { process: name, error: String(error) });
      socket.destroy();
      this.#arrive();
    }
  }

  #hear(channel: ChildProcess, message: unknown, handle: unknown): void {
    if (!isOffer(message)) return;
    if (message.what === "offered") this.#arrive();
    else this.#home.ports.adopt(channel, message, (handle as object | null) ?? undefined);
  }

  #onBroken(error: unknown): void {
    const { unit } = this.candidate;
    const fields = { process: unit.name, pid: unit.pid, error: String(error) };
    this.#home.log.error(
      "a process is killed: it wrote what is no message to the channel of Node",
      fields,
    );
    signalSaved(unit, "SIGKILL");
  }
}
