import type { ElpisError } from "./errors.ts";
import type { Location } from "./location.ts";

/** What has become of the connection to the hub. */
export type ConnectionChange =
  /** It broke. Calls under way have failed; what listens here will listen again. */
  | { readonly type: "lost"; readonly cause: ElpisError }
  /** It is back. Events of the time between have not come: this is the gap. `restarted` when it is another hub. */
  | {
      readonly type: "back";
      readonly location: Location;
      readonly gapMs: number;
      readonly restarted: boolean;
    };

/** Events of this peer that did not reach a receiver because too much waited for it. */
export interface DroppedEvents {
  readonly topic: string;
  /** Who did not get them. */
  readonly to: Location;
  readonly count: number;
}
