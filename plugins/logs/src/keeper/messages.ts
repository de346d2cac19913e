import type { ErrorData, KeptLine, LogFields, OutputStream } from "@elpis/api";
import type { RotationPolicy } from "../files/types.ts";
import type { LineFormat } from "../lines/encode.ts";
import type { Question } from "../shared/edges.ts";
import type { SharedFileStatus } from "../shared/shared-files.ts";
import type { Answers } from "../shared/state.ts";
import type { Registration } from "../shared/topics.ts";

/** What the keeper is to do with what it reads; plain data. */
export interface KeepPlan {
  readonly app: string;
  /** Absolute. */
  readonly dir: string;
  /** Name of a file in `dir`, with `{app}`, `{process}`, `{index}`, `{stream}`. */
  readonly pattern: string;
  readonly format: LineFormat;
  readonly rotation: RotationPolicy;
  /** What all files of the application may take together, in bytes. */
  readonly totalBytes: number | undefined;
  /** How much may wait for the disk, for each file, in bytes. */
  readonly bufferBytes: number;
  /** How many lines one process may write within a time; undefined: as many as it likes. */
  readonly flood: { readonly lines: number; readonly perMs: number } | undefined;
}

/** Two pipes that a process writes to. */
export interface OpenSource {
  readonly type: "open";
  readonly id: number;
  readonly process: string;
  readonly index: number;
  /** Undefined: it is not known yet. */
  readonly pid: number | undefined;
  readonly paths: Readonly<Record<OutputStream, string>>;
  /** Source of a regular expression: lines of stderr that are handed back. */
  readonly divert: string;
}

/** What the master tells the keeper. */
export type ToKeeper =
  | { readonly type: "plan"; readonly plan: KeepPlan }
  | OpenSource
  | { readonly type: "started"; readonly id: number; readonly pid: number }
  /** Nobody but the process, and whom it started, holds the pipes any more. */
  | { readonly type: "released"; readonly id: number }
  | { readonly type: "giveUp"; readonly id: number }
  | { readonly type: "lines"; readonly lines: readonly KeptLine[] }
  | { readonly type: "call"; readonly call: number; readonly ask: Ask }
  /** What the writers of a shared file have done. */
  | { readonly type: "answers"; readonly question: number; readonly answers: Answers }
  | { readonly type: "close" };

/** What the keeper can be asked. */
export type Ask =
  | { readonly verb: "rotate" }
  | { readonly verb: "reopen" }
  | { readonly verb: "stats" }
  | { readonly verb: "register"; readonly writer: string; readonly registration: Registration }
  | { readonly verb: "forget"; readonly writer: string; readonly path: string | undefined };

/** A question of that kind. */
export type AskOf<Verb extends Ask["verb"]> = Extract<Ask, { readonly verb: Verb }>;

/** What it answers, by what it was asked. */
export interface AskAnswers {
  readonly rotate: KeeperStats;
  readonly reopen: KeeperStats;
  readonly stats: KeeperStats;
  /** The path, as writers will be asked about it. */
  readonly register: string;
  readonly forget: null;
}

/** What the keeper tells the master. */
export type FromKeeper =
  | { readonly type: "up" }
  | { readonly type: "opened"; readonly id: number }
  | { readonly type: "tail"; readonly id: number; readonly lines: readonly string[] }
  | {
      readonly type: "diverted";
      readonly id: number;
      readonly stream: OutputStream;
      readonly lines: readonly string[];
    }
  | { readonly type: "ended"; readonly id: number; readonly lines: readonly string[] }
  /** All files that are written, by path. */
  | { readonly type: "files"; readonly paths: readonly string[] }
  | { readonly type: "trouble"; readonly file: string; readonly message: string }
  | { readonly type: "recovered"; readonly file: string; readonly lost: number }
  | {
      readonly type: "log";
      readonly level: LogLevel;
      readonly text: string;
      readonly fields: LogFields;
    }
  /** Writers of a shared file are to do something. */
  | { readonly type: "question"; readonly question: number; readonly ask: Question }
  | { readonly type: "answer"; readonly call: number; readonly value: AskAnswers[Ask["verb"]] }
  | { readonly type: "failed"; readonly call: number; readonly error: ErrorData };

/** How much something matters. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** What the keeper counts; everything since it was started. */
export interface KeeperStats {
  /** Files that it writes. */
  readonly files: number;
  /** Their paths. */
  readonly paths: readonly string[];
  /** Processes that it reads. */
  readonly sources: number;
  readonly lines: number;
  /** Lines that the disk did not take. */
  readonly lost: number;
  /** Lines that were too many of one process. */
  readonly flooded: number;
  readonly rotations: number;
  /** Bytes that wait for the disk. */
  readonly waitingBytes: number;
  /** Files that processes write themselves, and that are put aside for them. */
  readonly shared: readonly SharedFileStatus[];
}
