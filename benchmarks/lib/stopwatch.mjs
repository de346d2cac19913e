/** Measures the part of a run that comes after its warm-up. */
export class Stopwatch {
  #warmUntil;
  #ms;
  #began;
  #doneBefore = 0;
  /** Operations per second, once the time is up. */
  rate = 0;

  constructor(warmMs, ms) {
    this.#warmUntil = performance.now() + warmMs;
    this.#ms = ms;
  }

  /** Takes note that `done` operations are done in all. False when the time is up. */
  running(done) {
    if (this.rate > 0) return false;
    const now = performance.now();
    if (this.#began === undefined) {
      if (now < this.#warmUntil) return true;
      this.#began = now;
      this.#doneBefore = done;
      return true;
    }
    const elapsedMs = now - this.#began;
    if (elapsedMs < this.#ms || done === this.#doneBefore) return true;
    this.rate = ((done - this.#doneBefore) / elapsedMs) * 1000;
    return false;
  }
}
