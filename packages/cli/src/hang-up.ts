import type { CliContext } from "./context.ts";
import type { Master } from "./preset.ts";

/** Reloads the app at each SIGHUP, as a service manager asks for it. Returns what undoes it. */
export function reloadOnHangUp(
  context: CliContext,
  master: Master,
  tell: (text: string) => void,
): () => void {
  return context.onHangUp(() => {
    tell("SIGHUP: reloading");
    master.reload({ by: "SIGHUP", queue: true }).then(
      ({ version, replaced }) =>
        tell(`reloaded: ${replaced.length} processes replaced, version ${version}`),
      (error: unknown) => tell(`the reload has failed: ${(error as Error).message}`),
    );
  });
}
