import type { Request } from "@elpis/api";
import type { KeeperStats } from "./keeper/messages.ts";

/** What may be asked of the master of an application that has picked this plugin. */
export interface LogsTopics {
  /** Opens every file anew, for those who have moved them. Answers how many. */
  readonly "elpis.logs.reopen": Request<Record<string, never>, { readonly files: number }>;
  /** Puts every file aside that has lines. Answers how many. */
  readonly "elpis.logs.rotate": Request<Record<string, never>, { readonly files: number }>;
  /** What is counted. */
  readonly "elpis.logs.stats": Request<Record<string, never>, KeeperStats>;
}
