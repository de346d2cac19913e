import { type Client, hasCode, type Location } from "@elpis/api";
import { openLasting } from "../../apps.ts";
import type { CliContext } from "../../context.ts";
import { noPlugin } from "../../errors.ts";
import { say } from "../../output/report.ts";
import type { ErrorItem, PickedTopics } from "../../preset.ts";
import { untilLeft } from "../../until-signal.ts";

/** How many of those that were printed are known again. */
const MAX_KNOWN = 10_000;
/** What is asked for after a connection was broken. */
const MISSED = 1000;

/** What is followed, and how it is shown. */
export interface Followed {
  readonly app: string;
  /** How many of the newest come first. */
  readonly lines: number;
  readonly timeoutMs: number;
  print(one: ErrorItem): void;
}

/** Prints the newest errors, and then each as it comes, until a signal does. It goes on when the app comes back. */
export async function followErrors(context: CliContext, followed: Followed): Promise<void> {
  const { app, lines, timeoutMs } = followed;
  const left = untilLeft(context);
  let client: Client<PickedTopics> | undefined;
  try {
    client = await openLasting<PickedTopics>(app, timeoutMs);
    const following = new Following(context, client, followed);
    // Before it is asked for what was, so that nothing falls between the two.
    following.listen();
    if (!(await following.ask({ limit: String(lines) }))) throw noPlugin(app, "admin");
    following.follow();
    await new Promise<void>((resolve) => {
      if (left.signal.aborted) resolve();
      left.signal.addEventListener("abort", () => resolve(), { once: true });
    });
  } finally {
    left.off();
    await client?.close();
  }
}

class Following {
  readonly #context: CliContext;
  readonly #client: Client<PickedTopics>;
  readonly #followed: Followed;
  readonly #known = new Set<string>();
  /** The last number that was seen of each process. */
  readonly #seqs = new Map<string, number>();
  /** What has come while it was asked for what was before. */
  #waiting: ErrorItem[] | undefined = [];
  #since = Date.now();

  constructor(context: CliContext, client: Client<PickedTopics>, followed: Followed) {
    this.#context = context;
    this.#client = client;
    this.#followed = followed;
  }

  listen(): void {
    this.#client.on(
      "elpis.error",
      (record, { from }) => {
        const one = itemOf(record, from);
        if (one === undefined) return;
        if (this.#waiting === undefined) this.#take(one, true);
        else this.#waiting.push(one);
      },
      { overflow: "drop-old" },
    );
  }

  /** Prints what is kept of before, and what came meanwhile. @returns false where nobody keeps errors */
  async ask(query: Readonly<Record<string, string>>): Promise<boolean> {
    this.#waiting ??= [];
    const { timeoutMs } = this.#followed;
    try {
      const call = { to: { role: "agent" }, timeoutMs } as const;
      const { items } = await this.#client.request("elpis.errors", query, call);
      for (const one of [...items].reverse()) this.#take(one, false);
      return true;
    } catch (error) {
      if (!hasCode(error, "ELPIS_HUB_NO_RESPONDER")) throw error;
      return false;
    } finally {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      for (const one of waiting) this.#take(one, true);
    }
  }

  /** Tells of gaps from now on, and asks for what was missed. */
  follow(): void {
    const { app } = this.#followed;
    this.#client.onConnection(({ type }) => {
      if (type === "lost") say(this.#context, `${app} cannot be reached; waiting for it`);
      else void this.#catchUp();
    });
  }

  async #catchUp(): Promise<void> {
    const query = { by: "time", value: String(this.#since), limit: String(MISSED) };
    // Whoever has none yet, or does not answer, tells of the next one all the same.
    await this.ask(query).catch(() => {});
    say(this.#context, `${this.#followed.app} is back`);
  }

  #take(one: ErrorItem, isTold: boolean): void {
    const key = keyOf(one);
    if (this.#known.has(key)) return;
    this.#known.add(key);
    for (const oldest of this.#known) {
      if (this.#known.size <= MAX_KNOWN) break;
      this.#known.delete(oldest);
    }
    if (isTold) this.#tellOfGap(one);
    this.#seqs.set(processOf(one), Math.max(one.seq, this.#seqs.get(processOf(one)) ?? 0));
    this.#since = Math.max(this.#since, one.time);
    this.#followed.print(one);
  }

  /** A process tells so many in a second, and counts them all. */
  #tellOfGap(one: ErrorItem): void {
    const before = this.#seqs.get(processOf(one));
    const missing = before === undefined ? 0 : one.seq - before - 1;
    if (missing <= 0) return;
    const who = `${one.process}.${one.index}`;
    say(this.#context, `${missing} more of ${who} were too many to be told as they came`);
  }
}

function processOf({ process, index, pid }: ErrorItem): string {
  return `${process}.${index}[${pid}]`;
}

function keyOf(one: ErrorItem): string {
  return `${processOf(one)} ${one.seq} ${one.time}`;
}

/** Whose it is, is what the hub says. Undefined: it is no error. */
function itemOf(record: ErrorItem | undefined, from: Location): ErrorItem | undefined {
  const { time, seq, message } = (record ?? {}) as Partial<ErrorItem>;
  if (typeof time !== "number" || typeof seq !== "number" || typeof message !== "string") {
    return undefined;
  }
  const { name: process, index, pid } = from;
  return { ...(record as ErrorItem), process, index, pid };
}
