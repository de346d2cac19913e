import { type Capability, capability } from "./capability.ts";
import type { Role } from "./location.ts";

/** The application that a plugin runs in. */
export interface Application {
  readonly name: string;
  /** Where its configuration lies; relative paths of options are meant from here. */
  readonly dir: string;
  /** Private folder of what runs: only this user can enter it, and it may be gone after a restart of the machine. */
  readonly runtimeDir: string;
  /** Whether what it prints goes to whoever has started it: `elpis run` and `elpis dev`. */
  readonly isForeground: boolean;
  /** Whether it has an agent: one process beside the workers, for what is to be done once. */
  readonly hasAgent?: boolean;
}

/** Given by whoever supervises, in the master. */
export const application: Capability<Application> = capability<Application>("elpis.application");

/** A process whose output is to be kept. */
export interface OutputSource {
  /** Name of the process. */
  readonly process: string;
  readonly index: number;
  /** Which start of this instance it is. */
  readonly epoch: number;
  /**
   * Lines that this matches are not kept: they are handed to `onDiverted`, and kept when it returns false. So that the
   * supervisor hears what it has to hear.
   */
  readonly divert: RegExp;
  readonly onDiverted: (stream: OutputStream, text: string) => boolean;
}

export type OutputStream = "stdout" | "stderr";

/** Where one process writes to, instead of its supervisor. */
export interface KeptOutput {
  /** File descriptors for the process to write to. Not to be closed by who spawns. */
  readonly stdout: number;
  readonly stderr: number;
  /** The last lines that it wrote, a moment ago. */
  readonly lastLines: readonly string[];
  /** It runs, and this is its number. */
  started(pid: number): void;
  /** It is gone. Resolves when all that it wrote is read, or after a bound: somebody it started may go on writing. */
  ended(): Promise<void>;
}

/** Keeps what processes write, out of the way of their supervisor. */
export interface OutputKeeper {
  /** Undefined: the supervisor has to read it itself, and hands it over with {@link OutputKeeper.write}. */
  open(source: OutputSource): KeptOutput | undefined;
  /** Keeps one line that somebody else has read. */
  write(line: KeptLine): void;
}

/** One line that a process wrote. */
export interface KeptLine {
  /** In milliseconds since 1970. */
  readonly time: number;
  readonly process: string;
  readonly index: number;
  readonly pid: number;
  readonly stream: OutputStream;
  readonly text: string;
}

/** Provided by a plugin that keeps output; the supervisor uses it when it is there. */
export const outputKeeper: Capability<OutputKeeper> =
  capability<OutputKeeper>("elpis.output-keeper");

/** A process that is started once, does its work and ends; it is never started again. */
export interface OneOff {
  /** Its name among the peers and in the logs: 1 to 64 letters, digits, `.`, `_`, `-`. */
  readonly name: string;
  /** Module that it runs, absolute. It is a full peer of the hub, as every process of the application. */
  readonly entry: string;
  /** Modules that the entry loads, absolute: what they need to be loaded is there, such as a compiler for TypeScript. */
  readonly modules?: readonly string[];
  readonly args?: readonly string[];
  readonly nodeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** @default where the application's configuration lies */
  readonly cwd?: string;
}

/** A {@link OneOff} that runs. */
export interface RunningOneOff {
  readonly pid: number;
  /** Its number on the hub. */
  readonly peerId: number;
  /** Resolves when it is gone and what it wrote is read; never rejects. */
  readonly ended: Promise<OneOffEnd>;
  /** Ends it and whatever it has started. */
  kill(signal?: "SIGTERM" | "SIGKILL"): void;
}

/** How a {@link OneOff} ended. */
export interface OneOffEnd {
  readonly code: number | null;
  readonly signal: string | null;
  readonly lastLines: readonly string[];
}

/** Starts processes beside those that are defined. */
export interface OneOffs {
  /**
   * @throws ELPIS_PROCESS_ONE_OFF when it cannot be started; `retryable` while the application starts or stops: there, another
   * time, or another master, can
   */
  start(what: OneOff): RunningOneOff;
}

/** Provided by whoever supervises, in the master. All of them end with it. */
export const oneOffs: Capability<OneOffs> = capability<OneOffs>("elpis.one-offs");

/** Writes down who has asked for what. */
export interface AuditLog {
  /** `entry` is plain data: the operation, what it is about, and `by` whom. */
  write(entry: Readonly<Record<string, unknown>>): void;
}

/** Given by whoever supervises, in the master: the audit trail of the application. */
export const auditLog: Capability<AuditLog> = capability<AuditLog>("elpis.audit-log");

/** Whether a process takes work, for those who watch over it. */
export interface Readiness {
  /** It takes no work from now on, but stays: the hub passes it over, and the master hands it no connections. */
  suspend(): void;
  /** It takes work again, unless it has begun to leave. */
  resume(): void;
}

/** Given by whoever runs a process of the application, in agents and workers. */
export const readiness: Capability<Readiness> = capability<Readiness>("elpis.readiness");

/** One instance of a process, as its supervisor sees it. */
export interface SupervisedProcess {
  readonly name: string;
  readonly role: Role;
  readonly index: number;
  /** Such as `ready`, `starting`, `backoff` or `failed`. */
  readonly state: string;
  /** Starts beyond the first. */
  readonly restarts: number;
  /** Restarts by what had led to them. */
  readonly causes: Readonly<Partial<Record<string, number>>>;
  /** Absent when none runs. */
  readonly pid?: number;
}

/** What a supervisor tells of the processes it looks after. */
export interface Supervision {
  /** The master itself first, then in start order. */
  processes(): readonly SupervisedProcess[];
}

/** Given by whoever supervises, in the master. */
export const supervision: Capability<Supervision> = capability<Supervision>("elpis.supervision");
