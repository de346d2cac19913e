import { isDeepStrictEqual } from "node:util";
import type { AppDefinition } from "../config/types.ts";
import type { Release } from "../family/family.ts";
import type { SavedState } from "../survive/state.ts";

/** How many definitions are remembered. */
const KEPT = 10;

/** A definition, and whether all its processes once were ready. */
export interface Version extends Release {
  readonly good: boolean;
  /** Since when it is known, in milliseconds since 1970. */
  readonly at: number;
}

/** A book as it is written down. */
export type SavedBook = Pick<SavedState, "versions" | "version" | "nextVersion">;

/** The definitions of an application, in the order in which they came. Never changed: each call gives a new book. */
export class VersionBook {
  readonly versions: readonly Version[];
  /** The one in force. */
  readonly current: Version;
  readonly #nextNumber: number;

  private constructor(versions: readonly Version[], current: Version, nextNumber: number) {
    this.versions = versions;
    this.current = current;
    this.#nextNumber = nextNumber;
  }

  static begin(app: AppDefinition, at: number): VersionBook {
    const first = { version: 1, app, good: false, at };
    return new VersionBook([first], first, 2);
  }

  /**
   * Goes on with the book of an earlier master. `app` is in force: what it says is the number that it had then, or, when it
   * says something else, a new one.
   */
  static restore(saved: SavedBook, app: AppDefinition, at: number): VersionBook {
    // Plugins are code: they are what they are now.
    const versions = saved.versions.map((one) => ({
      ...one,
      app: { ...one.app, plugins: app.plugins },
    }));
    const last = versions.find(({ version }) => version === saved.version);
    if (last !== undefined && isSame(last.app, app)) {
      return new VersionBook(versions, last, saved.nextVersion);
    }
    const current = { version: saved.nextVersion, app, good: false, at };
    return new VersionBook([...versions, current], current, saved.nextVersion + 1);
  }

  /** What the next master has to know. */
  save(): SavedBook {
    const versions = this.versions.map((one) => ({ ...one, app: { ...one.app, plugins: [] } }));
    return { versions, version: this.current.version, nextVersion: this.#nextNumber };
  }

  /** A definition that is to be tried; the number is used up even if it fails. */
  draft(app: AppDefinition): { readonly release: Release; readonly book: VersionBook } {
    const release = { version: this.#nextNumber, app };
    const book = new VersionBook(this.versions, this.current, this.#nextNumber + 1);
    return { release, book };
  }

  /** All processes of the release are ready: it is in force from now on, and one can come back to it. */
  settle(release: Release, at: number): VersionBook {
    const settled: Version = { ...release, good: true, at };
    const others = this.versions.filter((one) => one.version !== release.version);
    const versions = [...others, settled].sort((a, b) => a.version - b.version).slice(-KEPT);
    return new VersionBook(versions, settled, this.#nextNumber);
  }

  /** Somebody goes back behind the current one: it is not what anybody should come back to. */
  reject(version: number): VersionBook {
    const versions = this.versions.map((one) =>
      one.version === version ? { ...one, good: false } : one,
    );
    return new VersionBook(versions, this.current, this.#nextNumber);
  }

  /** The last good one before the current one. */
  get previous(): Version | undefined {
    return this.versions.findLast((one) => one.good && one.version < this.current.version);
  }
}

/** One of them was written down and read: what is undefined is not there any more. */
function isSame(one: AppDefinition, other: AppDefinition): boolean {
  const plain = (app: AppDefinition): unknown =>
    JSON.parse(JSON.stringify({ ...app, plugins: [] }));
  return isDeepStrictEqual(plain(one), plain(other));
}
