const NONE = -1;

/**
 * Which of many numbered entries are due: a timing wheel without a clock of its own. Adding and removing take the same
 * short time however many there are. An entry is never reported early, and at most one tick late.
 */
export class Deadlines {
  readonly #tickMs: number;
  readonly #heads: Int32Array;
  readonly #mask: number;
  /** By entry: when it is due, in ticks; 0 when it is not in the table. */
  readonly #due: number[] = [];
  readonly #next: number[] = [];
  readonly #previous: number[] = [];
  #tick: number;
  #size = 0;

  /** @param buckets a power of two */
  constructor(nowMs: number, tickMs = 10, buckets = 512) {
    this.#tickMs = tickMs;
    this.#heads = new Int32Array(buckets).fill(NONE);
    this.#mask = buckets - 1;
    this.#tick = Math.floor(nowMs / tickMs);
  }

  /** How many entries wait. */
  get size(): number {
    return this.#size;
  }

  /** Adds `entry` (a small whole number that is not in the table), due at `atMs`. */
  add(entry: number, atMs: number): void {
    while (this.#due.length <= entry) {
      this.#due.push(0);
      this.#next.push(NONE);
      this.#previous.push(NONE);
    }
    const due = Math.max(Math.ceil(atMs / this.#tickMs), this.#tick + 1);
    const bucket = due & this.#mask;
    const head = this.#heads[bucket] as number;
    this.#due[entry] = due;
    this.#next[entry] = head;
    this.#previous[entry] = NONE;
    if (head !== NONE) this.#previous[head] = entry;
    this.#heads[bucket] = entry;
    this.#size++;
  }

  /** When `entry` is due, on the clock of {@link add}, to the tick; 0 when it is not in the table. */
  dueAt(entry: number): number {
    return (this.#due[entry] ?? 0) * this.#tickMs;
  }

  /** Removes `entry`; nothing happens when it is not there. */
  remove(entry: number): void {
    const due = this.#due[entry] ?? 0;
    if (due === 0) return;
    const next = this.#next[entry] as number;
    const previous = this.#previous[entry] as number;
    if (previous === NONE) this.#heads[due & this.#mask] = next;
    else this.#next[previous] = next;
    if (next !== NONE) this.#previous[next] = previous;
    this.#due[entry] = 0;
    this.#size--;
  }

  /** Removes and reports every entry that is due at `nowMs`. `onDue` may add and remove entries. */
  expire(nowMs: number, onDue: (entry: number) => void): void {
    const now = Math.floor(nowMs / this.#tickMs);
    if (now <= this.#tick) return;
    const buckets = Math.min(now - this.#tick, this.#mask + 1);
    const found: number[] = [];
    for (let step = 0; step < buckets; step++) this.#collect((now - step) & this.#mask, now, found);
    this.#tick = now;
    for (const entry of found) {
      // An earlier call may have removed it, or replaced it by a later one.
      if (this.#isDue(entry, now)) {
        this.remove(entry);
        onDue(entry);
      }
    }
  }

  #collect(bucket: number, now: number, found: number[]): void {
    for (let entry = this.#heads[bucket] as number; entry !== NONE; ) {
      if (this.#isDue(entry, now)) found.push(entry);
      entry = this.#next[entry] as number;
    }
  }

  #isDue(entry: number, now: number): boolean {
    const due = this.#due[entry] as number;
    return due !== 0 && due <= now;
  }
}
