import type { ErrorData } from "@elpis/api";
import type { MasterStatus, ProcessStatus } from "./preset.ts";

/** Name of the internal command that a detached master runs. */
export const SERVE = "__serve";

/** What a detached master tells the command that started it, until it is ready. */
export type Progress =
  | { readonly type: "process"; readonly process: ProcessStatus }
  | { readonly type: "ready"; readonly status: MasterStatus }
  | { readonly type: "failed"; readonly error: ErrorData };

/** Sends a progress message, when somebody still listens. */
export function tell(progress: Progress): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) return resolve();
    // A listener that left in between is no reason to fail: it is told by `disconnect`.
    process.send(progress, undefined, undefined, () => resolve());
  });
}
