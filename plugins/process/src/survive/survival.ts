import { createHash, randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { Location } from "@elpis/api";
import type { AppDefinition } from "../config/types.ts";
import { packReturning } from "./comeback.ts";
import { Door, doorPath } from "./door.ts";
import { goOnReading } from "./line-talk.ts";
import { OutputFiles, type Streams } from "./output-files.ts";
import type { Candidate } from "./plan.ts";
import type { SavedUnit } from "./state.ts";
import { type Home, Survivor } from "./survivor.ts";

/** How long a process has to come to its new master, in milliseconds. */
const ARRIVAL_MS = 2000;
const TOKEN_BYTES = 32;
const MARK_LENGTH = 12;

/** What a process is given at its start that is to outlive its master. */
export interface Outfit {
  readonly id: string;
  readonly token: string;
  /** Value of the variable by which it learns who it is to a later master. */
  readonly returning: string;
  readonly streams: Streams;
}

/** Names a process for as long as it lives: no later one of its instance has the same name. */
export function survivorId({ name, index, epoch, token = "" }: Named): string {
  // Epochs begin anew with a master that finds nobody; and a name says nothing of the token.
  const mark = createHash("sha256").update(token).digest("hex").slice(0, MARK_LENGTH);
  return `${name}.${index}.${epoch}.${mark}`;
}

type Named = Pick<SavedUnit, "name" | "index" | "epoch" | "token">;

/** What it takes that the processes of an application go on when its master dies, and come to the next one. */
export class Survival {
  readonly #dir: string;
  readonly #home: Home;
  readonly #door: Door;
  readonly #files: OutputFiles;

  constructor(dir: string, home: Home) {
    this.#dir = dir;
    this.#home = home;
    this.#door = new Door(dir, home.log);
    this.#files = new OutputFiles(dir);
  }

  /**
   * Opens the door, and waits for those who may come in: at most two seconds.
   *
   * @param known all that the last master knew: what they wrote is kept
   */
  async gather(
    candidates: readonly Candidate[],
    known: readonly SavedUnit[],
  ): Promise<readonly Survivor[]> {
    this.#files.start(new Set(known.map(survivorId)));
    const survivors = candidates.map((one) => new Survivor(one, this.#home));
    for (const one of survivors) this.#door.expect(survivorId(one.candidate.unit), one);
    await this.#door.open();
    const enough = new AbortController();
    const timeout = pause(ARRIVAL_MS, undefined, { signal: enough.signal }).catch(() => {});
    await Promise.race([Promise.all(survivors.map(({ arrived }) => arrived)), timeout]);
    enough.abort();
    return survivors;
  }

  /** What a new process takes along. */
  equip(unit: Omit<Named, "token">): Outfit {
    const token = randomBytes(TOKEN_BYTES).toString("base64url");
    const id = survivorId({ ...unit, token });
    const returning = packReturning({ id, token, path: doorPath(this.#dir) });
    return { id, token, returning, streams: this.#files.open(id) };
  }

  /** The files of a process that has come. */
  streamsOf(unit: SavedUnit): Streams {
    return this.#files.open(survivorId(unit));
  }

  /** A process of this master may lose its link, and come back. */
  expect(outfit: Outfit, location: Omit<Location, "id">, onPeer: (peerId: number) => void): void {
    const { hub } = this.#home;
    const onSocket = (purpose: string, socket: Socket): void => {
      // The channel is for those only that somebody else had started.
      if (purpose !== "hub") return void socket.destroy();
      goOnReading(socket);
      onPeer(hub.adopt(socket, location));
    };
    this.#door.expect(outfit.id, { token: outfit.token, onSocket });
  }

  /** It is gone: nobody else may come in its name. */
  forget(id: string): void {
    this.#door.forget(id);
  }

  close(): void {
    this.#files.close();
    this.#door.close();
  }
}

/** Undefined when the configuration, or the system, does not have processes outlive their master. */
export function survivalOf(app: AppDefinition, dir: string, home: Home): Survival | undefined {
  if (!app.survive) return undefined;
  if (process.platform !== "win32") return new Survival(dir, home);
  home.log.warn("processes do not outlive their master on Windows; survive has no effect");
  return undefined;
}
