import type { CliContext } from "../context.ts";
import type { CommonOptions } from "../options.ts";
import type { ProcessChange, ProcessStatus } from "../preset.ts";
import { paint } from "./color.ts";
import { say } from "./report.ts";

/** Shows how far an operation is. */
export interface Progress {
  show(change: ProcessStatus | ProcessChange): void;
  /** Takes away what is only there while it goes on. */
  end(): void;
}

const CLEAR_LINE = "\r\u001b[K";

/**
 * Progress on stderr: one line that changes on a terminal, one line for each process that got ready or failed
 * elsewhere, nothing where data is wanted.
 */
export function showProgress(context: CliContext, options: CommonOptions, what: string): Progress {
  if (options.json === true) return { show: () => {}, end: () => {} };
  return context.stderr.isTty ? liveLine(context, what) : plainLines(context);
}

function liveLine(context: CliContext, what: string): Progress {
  const { stderr } = context;
  const ready = new Set<number>();
  return {
    show(change) {
      if (change.state === "ready" && change.successor === undefined) ready.add(change.pid ?? 0);
      const count = ready.size > 0 ? ` (${ready.size} ready so far)` : "";
      const text = `${what}: ${changeText(change)}${count}`;
      const room = (stderr.columns ?? 80) - "elpis: ".length - 1;
      const head = paint("elpis:", "cyan", stderr.color);
      stderr.control(`${CLEAR_LINE}${head} ${text.slice(0, room)}`);
    },
    end: () => stderr.control(CLEAR_LINE),
  };
}

/** A process is told about each time that anything about it changes; what is said once is enough. */
function plainLines(context: CliContext): Progress {
  const said = new Set<string>();
  return {
    show(change) {
      const { state } = change.successor ?? change;
      const text = changeText(change);
      if (!["ready", "failed", "backoff"].includes(state) || said.has(text)) return;
      said.add(text);
      say(context, text);
    },
    end: () => {},
  };
}

/** `web.0 is ready (pid 4242)` */
function changeText(change: ProcessStatus | ProcessChange): string {
  const { name, index, state, pid, successor } = change;
  const own = `${name}.${index}`;
  if (successor !== undefined) {
    const number = successor.pid === undefined ? "" : ` (pid ${successor.pid})`;
    return `the successor of ${own} is ${WORDS[successor.state] ?? successor.state}${number}`;
  }
  const number = pid === undefined ? "" : ` (pid ${pid})`;
  return `${own} is ${WORDS[state] ?? state}${number}`;
}

const WORDS: Readonly<Record<string, string>> = {
  waiting: "waiting",
  starting: "starting",
  ready: "ready",
  stopping: "stopping",
  backoff: "waiting to be started again",
  failed: "failed",
  stopped: "stopped",
};
