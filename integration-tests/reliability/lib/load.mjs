// HTTP requests at a steady rate from a process of their own, and whose fault it is when one fails.
import { get } from "node:http";
import { counts, now } from "./numbers.mjs";

/** How long a connection of a process that was killed may be taken for a living one, in milliseconds. */
const UNNOTICED_MS = 100;
/** From when on a connection is idle enough to be closed, and how late a client may hear of it, in milliseconds. */
const IDLE_MS = 450;
const SLOW_TO_HEAR_MS = 50;
/** Who has not answered by then is hung. */
const HUNG_MS = 2000;
/** How long after a signal was sent it may take to act, in milliseconds. */
const DYING_MS = 5;

/** A load on a port. */
export class HttpLoad {
  /** Deaths on purpose: who, and from when on. */
  #deaths = [];
  #inFlight = 0;

  /** Requests a second that a port answers at most. */
  static async peak(run, port, forMs, path = "/early") {
    const actor = run.start("http-load");
    const rate = await actor.call("peak", {
      port,
      path,
      forMs,
      hungMs: HUNG_MS * run.stretch,
      askers: 16,
    });
    actor.kill();
    return rate;
  }

  /** Half of the requests come over kept-alive connections, half over connections of their own. */
  static async begin(run, port, rate, path = "/early") {
    const load = new HttpLoad();
    load.run = run;
    load.actor = run.start("http-load");
    const hungMs = HUNG_MS * run.stretch;
    await load.actor.call("begin", { port, rate, path, hungMs });
    return load;
  }

  /**
   * Sends processes a signal after which whatever they have in their hands may fail. The load does it itself: it knows
   * what is in flight at that moment. Returns the moment.
   */
  async doom(pids, signal = "SIGKILL") {
    const { at, inFlight } = await this.actor.call("doom", { pids, signal });
    this.#inFlight += inFlight;
    const { stretch } = this.run;
    const dyingMs = DYING_MS * stretch;
    const unnoticedMs = signal === "SIGKILL" ? UNNOTICED_MS * stretch : Number.POSITIVE_INFINITY;
    for (const pid of pids) this.#deaths.push({ pid, at, unnoticedMs, dyingMs });
    return at;
  }

  report() {
    return this.actor.call("report");
  }

  /** Ends the load, and tells what it has seen, with `lost` for what failed in the hands of the doomed, `other` not. */
  async end() {
    const report = await this.actor.call("report", { end: true });
    this.actor.kill();
    const lost = [];
    const other = [];
    for (const failure of report.failures) {
      const fate = this.#fate(failure);
      if (fate === undefined) other.push(failure);
      else lost.push({ ...failure, ...fate });
    }
    return { ...report, lost, other, inFlight: this.#inFlight };
  }

  /** Notes that every request was answered. */
  allAnswered(what, { sent, ok, failures, outcomes, p50, p99, max, lag }) {
    const { run } = this;
    // Nobody can tell an idle connection that it ends: a request that is sent at that very moment is lost, and whoever is
    // slow to hear of the end makes that moment long.
    const crossed = lag > SLOW_TO_HEAR_MS ? failures.filter(isCrossed).length : 0;
    run.note(`${what}: requests`, sent);
    if (crossed > 0) run.note(`${what}: crossed the end of an idle connection`, crossed);
    const failed = { ...outcomes, reset: (outcomes.reset ?? 0) - crossed };
    run.exactly(`${what}: requests failed`, counts(failed), "none");
    run.exactly(`${what}: requests answered`, ok, sent - crossed);
    run.note(`${what}: answered, p50 / p99 / max, ms`, [p50, p99, max].map(show).join(" / "));
    run.note(`${what}: load generator late, p99`, lag, "ms");
  }

  /** Notes that nothing failed but what was in the hands of processes that were killed. */
  onlyLost(what, { sent, lost, other, inFlight, outcomes, p99, max, lag }) {
    const { run } = this;
    const byOutcome = {};
    for (const { outcome } of other) byOutcome[outcome] = (byOutcome[outcome] ?? 0) + 1;
    run.note(`${what}: requests`, sent);
    run.note(`${what}: in flight in the killed when they were killed`, inFlight);
    const late = lost.filter(({ isLate }) => isLate).length;
    run.atMost(`${what}: lost in them`, lost.length - late, inFlight);
    run.note(`${what}: sent over their connections before their end was seen`, late);
    run.exactly(`${what}: failed elsewhere`, counts(byOutcome), "none");
    run.exactly(`${what}: hung longer than 2 s`, outcomes.hung ?? 0, 0);
    run.exactly(`${what}: refused`, outcomes.refused ?? 0, 0);
    run.note(`${what}: answered, p99 / max, ms`, [p99, max].map(show).join(" / "));
    run.note(`${what}: load generator late, p99`, lag, "ms");
  }

  /** Whether it was in the hands of a process that was doomed; `isLate`: sent when that had happened already. */
  #fate({ outcome, pid, began, ended, isKept }) {
    if (outcome !== "reset" && outcome !== "hung") return;
    const death = this.#deaths.find((one) => {
      const unnoticedMs = isKept && pid !== undefined ? one.unnoticedMs : one.dyingMs;
      const isThere = pid === undefined || pid === one.pid;
      return isThere && began < one.at + unnoticedMs && ended >= one.at;
    });
    return death && { isLate: began > death.at };
  }
}

/** One request over a connection of its own: who answered, how long it took, or what became of it. */
export function ask(port, path = "/", timeoutMs = 10_000) {
  const began = now();
  return new Promise((resolve) => {
    const end = (outcome, more) => resolve({ outcome, tookMs: now() - began, ...more });
    const request = get({ host: "127.0.0.1", port, path, agent: false }, (answer) => {
      answer.resume();
      answer.on("error", (error) => end(error.code));
      answer.on("end", () => end("ok", { pid: Number(answer.headers["x-pid"]) }));
    });
    request.setTimeout(timeoutMs, () =>
      request.destroy(Object.assign(new Error(), { code: "hung" })),
    );
    request.on("error", (error) => end(error.code));
  });
}

const isCrossed = ({ outcome, idleMs }) => outcome === "reset" && idleMs >= IDLE_MS;
const show = (ms) => ms.toFixed(ms < 10 ? 1 : 0);
