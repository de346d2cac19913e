import type { Event, Request } from "@elpis/api";
import type { RotationPolicy } from "../files/types.ts";

/** A file that a process writes, and when it wants it to be put aside. */
export interface Registration {
  /** Absolute; it ends with `.log`. */
  readonly path: string;
  readonly policy: RotationPolicy;
  /** How often its size is looked at, in milliseconds. @default whenever the rotator looks */
  readonly lookMs?: number | undefined;
}

/** Names a file that several processes write. */
export interface SharedFile {
  /** Without a link in it. */
  readonly path: string;
}

/** What a writer is asked to do. */
export type WriterVerb = "reopen" | "hold" | "resume";

/** What the writers of one file and their rotator say to one another over the hub. */
export interface SharedFileTopics {
  /** To the rotator. Doing it again says that the writer lives. Answers with the path as the rotator will name it. */
  readonly "elpis.logs.register": Request<Registration, SharedFile>;
  /** To the rotator: this process does not write it any more. */
  readonly "elpis.logs.forget": Request<SharedFile, null>;
  /** To all writers: there is a rotator that knows none of them. */
  readonly "elpis.logs.rotator": Event<null>;
  /** To a writer, which answers when it writes to the new file, and nothing more to the old one. */
  readonly "elpis.logs.reopen-file": Request<SharedFile, null>;
  /** To a writer, which answers when it writes nothing; it goes on by itself after two seconds. */
  readonly "elpis.logs.hold": Request<SharedFile, null>;
  /** To a writer that holds. */
  readonly "elpis.logs.resume": Request<SharedFile, null>;
}

/** The topic of what a writer is asked. */
export const TOPIC_OF: Readonly<
  Record<WriterVerb, "elpis.logs.reopen-file" | "elpis.logs.hold" | "elpis.logs.resume">
> = {
  reopen: "elpis.logs.reopen-file",
  hold: "elpis.logs.hold",
  resume: "elpis.logs.resume",
};
