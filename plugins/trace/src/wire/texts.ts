import { MAX_LISTED, MAX_LISTED_CHARS } from "./layout.ts";
import type { Rewrite } from "./packable.ts";
import { mayTellTimeout } from "./timeouts.ts";

/** Texts that are remembered from batch to batch. */
const MAX_KNOWN = 4096;
/** Spans of so many names are looked at for what they have in common. */
const MAX_SHAPES = 500;

/** A text that was used before. */
export interface Known {
  /** In which batch it has its number. */
  batch: number;
  number: number;
  readonly text: string;
  /** What becomes of values of tags of that name. */
  readonly rewrite: Rewrite | undefined;
  /** Values of tags of that name say nothing about a deadline. */
  readonly isPlain: boolean;
}

/** What the last span of a name had, and at each place of its tags: most of it the next one has as well. */
export interface Shape {
  name: Known | undefined;
  scope: Known | undefined;
  from: Known | undefined;
  readonly names: Known[];
  readonly values: Array<Known | undefined>;
}

/** The texts of a batch, each once. */
export class Texts {
  readonly #rewriteOf: (name: string) => Rewrite | undefined;
  #known = new Map<string, Known>();
  #shapes = new Map<string, Shape>();
  #batch = 1;
  #listed: string[] = [];
  /** How long those are together that are listed. */
  chars = 0;

  constructor(rewriteOf: (name: string) => Rewrite | undefined) {
    this.#rewriteOf = rewriteOf;
  }

  /** The list of a batch; the next one begins with none. */
  take(): readonly string[] {
    const listed = this.#listed;
    this.#listed = [];
    this.chars = 0;
    this.#batch += 1;
    if (this.#known.size > MAX_KNOWN || this.#shapes.size > MAX_SHAPES) {
      this.#known = new Map();
      this.#shapes = new Map();
    }
    return listed;
  }

  shapeOf(name: string): Shape {
    let shape = this.#shapes.get(name);
    if (shape === undefined) {
      shape = { name: undefined, scope: undefined, from: undefined, names: [], values: [] };
      this.#shapes.set(name, shape);
    }
    return shape;
  }

  /** The same as `find`, where it is likely which one it is. */
  likely(text: string, likely: Known | undefined): Known | undefined {
    const isIt = likely !== undefined && likely.batch === this.#batch && likely.text === text;
    return isIt ? likely : this.find(text);
  }

  /** A text with its number; undefined: it has none, and can have none. */
  find(text: string): Known | undefined {
    const known = this.#known.get(text);
    if (known !== undefined && known.batch === this.#batch) return known;
    if (text.length > MAX_LISTED_CHARS || this.#listed.length >= MAX_LISTED) return undefined;
    const number = this.#listed.push(text) - 1;
    this.chars += text.length;
    if (known !== undefined) {
      known.batch = this.#batch;
      known.number = number;
      return known;
    }
    const rewrite = this.#rewriteOf(text);
    const made = { batch: this.#batch, number, text, rewrite, isPlain: !mayTellTimeout(text) };
    this.#known.set(text, made);
    return made;
  }
}
