import {
  type BodyCodec,
  bodyEnd,
  bodyStart,
  Kind,
  RecordReader,
  sharedRecords,
} from "@elpis/protocol";

/**
 * The records of one connection: shapes of objects that are told once and are numbers from then on. Those of this process
 * are told to the hub before their first use, those of others are learned from it.
 */
export class Records {
  readonly #codec: BodyCodec;
  readonly #send: (frame: Buffer) => void;
  /** How many of this process's records the hub has been told. */
  #declared = 0;
  /** By number of a peer. */
  #readers: Map<number, RecordReader> | undefined;
  /** Numbers of the peers that read records. */
  #reading: Set<number> | undefined;
  /** Numbers of routes whose receivers read no records. */
  #avoided: Set<number> | undefined;

  constructor(codec: BodyCodec, send: (frame: Buffer) => void) {
    this.#codec = codec;
    this.#send = send;
  }

  /** Tells the hub of what it has not been told; before what was packed with it. */
  declare(): void {
    const records = sharedRecords();
    while (this.#declared < records.length) {
      const number = this.#declared++;
      this.#send(this.#codec.frame(records[number], Kind.record, number, 0, 0, 0));
    }
  }

  learn(source: number, keys: readonly string[]): void {
    this.#readers ??= new Map();
    let reader = this.#readers.get(source);
    if (reader === undefined) {
      reader = new RecordReader();
      this.#readers.set(source, reader);
    }
    reader.add(keys);
  }

  /** What reads the records of a peer. */
  of(source: number): RecordReader {
    return this.#readers?.get(source) ?? new RecordReader();
  }

  /** The value of a call of this process that came back. */
  unpackOwn(chunk: Buffer, at: number): unknown {
    const reader = new RecordReader();
    for (const keys of sharedRecords()) reader.add(keys);
    return this.#codec.unpackWithRecords(chunk, bodyStart(chunk, at), bodyEnd(chunk, at), reader);
  }

  /** The hub says whether a peer reads records. */
  note(peer: number, reads: boolean): void {
    if (!reads) return;
    this.#reading ??= new Set();
    this.#reading.add(peer);
  }

  /** Whether a peer is known to read records. */
  areReadBy(peer: number): boolean {
    return this.#reading?.has(peer) === true;
  }

  forget(source: number): void {
    this.#readers?.delete(source);
    this.#reading?.delete(source);
  }

  /** Calls on this route are made without records from now on. */
  avoid(route: number): void {
    this.#avoided ??= new Set();
    this.#avoided.add(route);
  }

  avoids(route: number): boolean {
    return this.#avoided?.has(route) === true;
  }
}
