import type { RotationPolicy } from "../files/types.ts";
import type { WriterVerb } from "./topics.ts";

/** What is to be done about one file. What it comes to is told to the {@link SharedFileState} that wanted it. */
export type Act =
  /** Give the file another name: `wasPutAside`. */
  | { readonly type: "put-aside"; readonly round: number; readonly policy: RotationPolicy }
  /** Copy it while it is written: `wasCopied`. */
  | { readonly type: "copy"; readonly round: number; readonly policy: RotationPolicy }
  /** Copy what has come since, and empty it if `mayEmpty` says so in that very instant: `wasEmptied`. */
  | { readonly type: "empty"; readonly round: number; readonly policy: RotationPolicy }
  /** Throw the copy away. */
  | { readonly type: "drop-copy"; readonly round: number }
  /** Ask writers: `wereAsked`. */
  | {
      readonly type: "ask";
      readonly round: number;
      readonly verb: WriterVerb;
      readonly writers: readonly string[];
    }
  /** Compress and remove what the policy says; what was put aside in these rounds may be touched now: `wasTidied`. */
  | { readonly type: "tidy"; readonly rounds: readonly number[]; readonly policy: RotationPolicy }
  /** A person should know. */
  | { readonly type: "tell"; readonly what: Tale; readonly writers: readonly string[] };

/** What a person should know about a file that several processes write. */
export type Tale =
  /** They want different things: the strictest of each is done. */
  | "policies-differ"
  /** Nothing was heard of it for too long: it does not count any more. */
  | "silent"
  /** It did not hold, so the file was not emptied. */
  | "not-held";

/** How a step of a rotation ended. `nothing`: there was nothing to put aside. */
export type StepResult = "done" | "nothing" | "failed";
