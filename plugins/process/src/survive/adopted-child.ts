import type { OutputReader, Reading } from "../child/output.ts";
import { signalGroup, signalProcess } from "../child/process-group.ts";
import type { PortBroker } from "../ports/port-broker.ts";
import type { ExitFacts } from "../supervise/exit.ts";
import { lives } from "./ending.ts";
import type { Streams } from "./output-files.ts";
import type { SavedUnit } from "./state.ts";
import type { Survivor } from "./survivor.ts";

/** How often it is looked whether it lives: its exit is told to nobody but its parent, in milliseconds. */
const LOOK_MS = 50;
/** How long after its end its last output is waited for. */
const LAST_OUTPUT_MS = 250;

/** What it belongs to. */
export interface AdoptedOwner {
  readonly ports: PortBroker;
  readonly output: OutputReader;
  /** It is gone, and its output is read. */
  readonly onExit: (facts: ExitFacts) => void;
}

/** A process that another master had started: it can be watched and signalled, but not waited for. */
export class AdoptedChild {
  readonly pid: number;
  readonly #survivor: Survivor;
  readonly #saved: SavedUnit;
  readonly #owner: AdoptedOwner;
  readonly #streams: Streams;
  readonly #reading: Reading;
  readonly #timer: NodeJS.Timeout;
  #hasEnded = false;

  constructor(survivor: Survivor, streams: Streams, owner: AdoptedOwner) {
    const { unit } = survivor.candidate;
    this.pid = unit.pid;
    this.#survivor = survivor;
    this.#saved = unit;
    this.#owner = owner;
    this.#streams = streams;
    this.#reading = owner.output.read(streams, unit.pid);
    this.#timer = setInterval(() => this.look(), LOOK_MS);
  }

  signalGroup(signal: "SIGTERM" | "SIGKILL"): void {
    if (!this.#hasEnded && lives(this.#saved)) signalGroup(this.pid, signal);
  }

  signal(signal: NodeJS.Signals): boolean {
    return !this.#hasEnded && lives(this.#saved) && signalProcess(this.pid, signal);
  }

  terminate(): void {
    this.signal("SIGTERM");
  }

  /** It is asked to leave: it gets no new connections. */
  leaving(): void {
    const { channel } = this.#survivor;
    if (channel !== undefined) this.#owner.ports.leaving(channel);
  }

  /** Whether it does not answer, or is not well: as long as that is so it gets no new connections. */
  setAside(why: "silent" | "unwell", isAside: boolean): void {
    const { channel } = this.#survivor;
    if (channel !== undefined) this.#owner.ports.setAside(channel, why, isAside);
  }

  /** Its link has ended, or a while has passed: it may be gone. */
  look(): void {
    if (this.#hasEnded || lives(this.#saved)) return;
    this.#hasEnded = true;
    clearInterval(this.#timer);
    // Whom it had started and left behind. Another process with its number has the group for itself.
    if (!lives({ pid: this.pid })) signalGroup(this.pid, "SIGKILL");
    const { channel } = this.#survivor;
    if (channel !== undefined) {
      this.#owner.ports.forget(channel);
      if (channel.connected) channel.disconnect();
    }
    this.#finish();
  }

  #finish(): void {
    const { stdout, stderr } = this.#streams;
    stdout.finish();
    stderr.finish();
    let isTold = false;
    const tell = (): void => {
      clearTimeout(timer);
      if (isTold) return;
      isTold = true;
      // How it ended only its parent was told.
      const { heapExhausted } = this.#owner.output;
      this.#owner.onExit({ code: null, signal: null, heapExhausted });
    };
    const timer = setTimeout(tell, LAST_OUTPUT_MS);
    void this.#reading.finish().then(tell);
  }
}
