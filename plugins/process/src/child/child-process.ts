import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import type { KeptOutput, Logger } from "@elpis/api";
import type { BalancePolicy } from "../config/types.ts";
import type { PortBroker } from "../ports/port-broker.ts";
import type { ExitFacts } from "../supervise/exit.ts";
import type { Streams } from "../survive/output-files.ts";
import { guardChannel } from "./channel-guard.ts";
import type { OutputReader, Reading } from "./output.ts";
import { signalGroup, signalProcess } from "./process-group.ts";

/** How long after the exit its last output is waited for: somebody it started may hold the pipes. */
const LAST_OUTPUT_MS = 250;
/** How long after that its pipes are given up: each would cost a descriptor for as long as somebody holds it. */
const GIVE_UP_MS = 1000;

/** What a child belongs to. */
export interface ChildOwner {
  /** Name of the process. */
  readonly name: string;
  readonly index: number;
  readonly balance: BalancePolicy;
  readonly ports: PortBroker;
  readonly output: OutputReader;
  readonly log: Logger;
  /** Where it writes to when it outlives its master. @default its pipes */
  readonly streams?: Streams | undefined;
  /** Where it writes to, when somebody else keeps that. */
  readonly kept?: KeptOutput | undefined;
  /** It is gone, its process group too, and its output is read. */
  readonly onExit: (facts: ExitFacts) => void;
}

/** One process of an instance, from its start to its end. */
export class Child {
  readonly #child: ChildProcess;
  readonly #owner: ChildOwner;
  readonly #reading: Reading | undefined;
  #ended = false;
  #broken = false;

  constructor(child: ChildProcess, owner: ChildOwner) {
    this.#child = child;
    this.#owner = owner;
    child.on("error", (error) => this.#onError(error));
    child.once("exit", (code, signal) => this.#onExit(code, signal));
    child.on("message", () => this.#onMessage());
    guardChannel(child, {
      onBroken: (error) => this.#onBroken(error),
      onEnd: () => owner.ports.forget(child),
    });
    const { name, index, balance } = owner;
    owner.ports.join({ process: name, index, child, balance });
    if (child.pid !== undefined)
      this.#reading = owner.output.read(owner.kept ?? owner.streams ?? child, child.pid);
    // One that could not be started has written nothing.
    else void owner.kept?.ended();
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** This side of the socket to the hub. */
  hubSocket(fd: 3 | 4): Socket {
    return this.#child.stdio[fd] as Socket;
  }

  /** Sends a signal to its whole process group. */
  signalGroup(signal: "SIGTERM" | "SIGKILL"): void {
    if (this.pid !== undefined && !this.#ended) signalGroup(this.pid, signal);
  }

  /** Sends a signal to the process itself; false when it is gone. */
  signal(signal: NodeJS.Signals): boolean {
    return this.pid !== undefined && !this.#ended && signalProcess(this.pid, signal);
  }

  /** Asks only the process itself to end. */
  terminate(): void {
    this.signal("SIGTERM");
  }

  /** It is asked to leave: it gets no new connections. */
  leaving(): void {
    this.#owner.ports.leaving(this.#child);
  }

  /** Whether it does not answer, or is not well: as long as that is so it gets no new connections. */
  setAside(why: "silent" | "unwell", isAside: boolean): void {
    this.#owner.ports.setAside(this.#child, why, isAside);
  }

  #onError(error: Error): void {
    // After it has started, all that errors tell of is a message or signal that came too late.
    if (this.pid !== undefined)
      this.#owner.log.debug("a child was not reached", { error: error.message });
    else this.#end({ code: null, signal: null, spawnError: error.message });
  }

  #onExit(code: number | null, signal: string | null): void {
    // Whom it started and left behind has nobody to answer to.
    if (this.pid !== undefined && process.platform !== "win32") signalGroup(this.pid, "SIGKILL");
    this.#owner.ports.forget(this.#child);
    this.#owner.streams?.stdout.finish();
    this.#owner.streams?.stderr.finish();
    const finish = (): void => {
      clearTimeout(timer);
      this.#end({ code, signal, heapExhausted: this.#owner.output.heapExhausted });
    };
    const timer = setTimeout(() => {
      finish();
      setTimeout(() => this.#reading?.giveUp(), GIVE_UP_MS).unref();
    }, LAST_OUTPUT_MS);
    this.#child.once("close", () => void this.#reading?.finish().then(finish));
  }

  #end(facts: ExitFacts): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#owner.onExit(facts);
  }

  /** What it writes to Node's channel makes no sense: nothing more can be agreed with it. */
  #onBroken(error: unknown): void {
    if (this.#broken) return;
    this.#broken = true;
    const { name, log } = this.#owner;
    const fields = { process: name, pid: this.pid, error: String(error) };
    log.error("a child is killed: it wrote what is no message to the channel of Node", fields);
    this.signalGroup("SIGKILL");
  }

  #onMessage(): void {
    const { name, log } = this.#owner;
    log.debug("a message over the channel of Node is not for the master", { process: name });
  }
}
