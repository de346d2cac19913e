import type { ProcessDefinition } from "../config/types.ts";
import type { Vitals } from "../status.ts";
import { writeHungReport } from "../watch/diagnosis/hung-report.ts";
import { InspectorLines } from "../watch/diagnosis/inspector-lines.ts";
import { isInspectable, type Patient } from "../watch/diagnosis/open-inspector.ts";
import type { ProbeContext } from "../watch/probe.ts";
import { untilWell } from "../watch/probe-loop.ts";
import { ProcessWatch, type WatchVerdict } from "../watch/process-watch.ts";
import { type AppliedLimits, applySystemLimits } from "../watch/system-limits.ts";
import type { Family } from "./family.ts";

/** A process that was just started, and whoever is told about it. */
export interface CareSubject {
  readonly definition: ProcessDefinition;
  /** `web.0`. */
  readonly title: string;
  readonly index: number;
  readonly pid: number;
  /** Its number on the hub, now; undefined: it is not there, and will not be. */
  readonly peerId: number | undefined;
  /** It is ready already: it was taken over. */
  readonly isReady: boolean;
  /** What it was started with, for probes that are programs. */
  readonly env: NodeJS.ProcessEnv;
  readonly lastLines: () => readonly string[];
  /** Its probe says that it is ready. */
  readonly onReady: () => void;
  readonly onVerdict: (verdict: WatchVerdict) => void;
  /** Whether it is heard of has changed. */
  readonly onSilence: (isSilent: boolean) => void;
}

/** What is done for one process from its start to its end: limits, its probe for readiness, the watch over it. */
export class Care {
  /** What Node writes about its inspector. */
  readonly lines: InspectorLines = new InspectorLines();
  readonly #subject: CareSubject;
  readonly #family: Family;
  readonly #watch: ProcessWatch;
  readonly #limits: AppliedLimits;
  readonly #over = new AbortController();
  #isSilent = false;

  constructor(subject: CareSubject, family: Family) {
    this.#subject = subject;
    this.#family = family;
    const { definition, pid, index } = subject;
    this.#limits = applySystemLimits(definition, { app: family.app, index, pid });
    this.#tellLimits();
    this.#watch = new ProcessWatch({
      definition,
      pid,
      probe: this.#probeContext,
      memory: family.memory,
      log: family.log,
      onVerdict: (verdict) => this.#take(verdict),
      examine: () => this.#examine(),
    });
    void this.#askUntilReady();
  }

  get isSilent(): boolean {
    return this.#isSilent;
  }

  get vitals(): Vitals | undefined {
    return this.#watch.vitals;
  }

  /** The process, for somebody who looks into it. */
  get patient(): Patient {
    const { definition, title: label, pid } = this.#subject;
    return { label, pid, lines: this.lines, isNode: isInspectable(definition) };
  }

  beat(vitals: Vitals): void {
    this.#watch.beat(vitals);
  }

  /** It is ready: from now on it is judged. */
  ready(): void {
    this.#watch.ready();
  }

  /** It was to be replaced, and that has failed: it may be asked for again. */
  rearm(): void {
    this.#watch.rearm();
  }

  /** It was told to leave: nobody judges it any more. */
  leaving(): void {
    this.#over.abort();
    this.#watch.close();
  }

  /** It is gone. */
  end(): void {
    this.leaving();
    this.#limits.release();
  }

  get #probeContext(): ProbeContext {
    const subject = this.#subject;
    const { definition, env } = subject;
    const { cwd, uid, gid } = definition;
    const { hub, guardian } = this.#family;
    return {
      client: hub.client,
      get peerId() {
        return subject.peerId;
      },
      env,
      cwd,
      guardian,
      ...(uid !== undefined && { uid }),
      ...(gid !== undefined && { gid }),
    };
  }

  #tellLimits(): void {
    const { title } = this.#subject;
    for (const outcome of this.#limits.outcomes) {
      if (outcome.applied) continue;
      const { what, why } = outcome;
      this.#family.log.warn(`${title} runs without its ${what}: ${why}`);
    }
  }

  async #askUntilReady(): Promise<void> {
    const { definition, isReady, onReady } = this.#subject;
    const { readyProbe } = definition;
    if (readyProbe === undefined || isReady) return;
    // Whatever it says of itself, until the probe says so too.
    this.#setAside(true);
    const { signal } = this.#over;
    if (!(await untilWell(readyProbe, this.#probeContext, signal))) return;
    this.#setAside(false);
    onReady();
  }

  #setAside(isAside: boolean): void {
    const { peerId } = this.#subject;
    if (peerId !== undefined) this.#family.hub.setAside(peerId, isAside);
  }

  #take(verdict: WatchVerdict): void {
    const { title, onVerdict, onSilence } = this.#subject;
    const { log } = this.#family;
    if (verdict.type === "silent" || verdict.type === "responsive") {
      this.#isSilent = verdict.type === "silent";
      this.#setAside(this.#isSilent);
      if (this.#isSilent) log.warn(`${title} does not answer; it gets no more work`);
      else log.info(`${title} answers again`);
      onSilence(this.#isSilent);
    } else if (verdict.type === "hung") {
      const { report } = verdict;
      log.error(`${title} hangs and is replaced`, { ...(report !== undefined && { report }) });
    } else if (verdict.type === "probe-failed") {
      log.error(`${title} is not well: ${verdict.why}`);
    }
    onVerdict(verdict);
  }

  #examine(): Promise<string> {
    const { definition, index, lastLines } = this.#subject;
    return writeHungReport(this.#family.diagnosticsDir, this.patient, {
      app: this.#family.app,
      process: definition.name,
      index,
      cause: "its event loop did not turn",
      vitals: this.vitals,
      lastLines: lastLines(),
    });
  }
}
