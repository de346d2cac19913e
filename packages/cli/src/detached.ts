import type { ErrorData } from "@elpis/api";
import type { MasterStatus, ProcessStatus } from "./preset.ts";

/** Name of the internal command that a detached master runs. */
export const SERVE = "__serve";

/** What a detached master tells the command that started it, until it is ready. */
export type Progress =
  | { readonly type: "process"; readonly process: ProcessStatus }
  | { readonly type: "ready"; readonly status: MasterStatus }
  | { readonly type: "failed"; readonly error: ErrorData };

/** Sends a progress message; resolves with whether there was still somebody to send it to. */
export function tell(progress: Progress): Promise<boolean> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) return resolve(false);
    process.send(progress, undefined, undefined, (error) => resolve(error === null));
  });
}

/** The command that started a detached master, as the master sees it. */
export interface Starter {
  readonly isGone: boolean;
  /** Resolves when it goes away; never after `off()`. */
  readonly gone: Promise<void>;
  off(): void;
}

/** Watches over the channel whether the command that started us is still there. */
export function watchStarter(): Starter {
  let onGone = (): void => {};
  const gone = new Promise<void>((resolve) => {
    onGone = resolve;
  });
  process.once("disconnect", onGone);
  // The channel may have closed while our own modules were loaded, before anybody listened.
  if (!process.connected) onGone();
  return {
    get isGone() {
      return !process.connected;
    },
    gone,
    off: () => process.off("disconnect", onGone),
  };
}
