import type { Client, Off } from "@elpis/api";
import { defineEndpoint, type Endpoint } from "./endpoint.ts";
import { ERROR_GROUP, ERROR_TOPIC, type ErrorReport, type ErrorTopics } from "./error-log.ts";
import type { ErrorRecord } from "./error-record.ts";
import { type Page, page, RecentLog, readPageQuery } from "./recent.ts";
import { shared } from "./shared.ts";
import type { Gathered } from "./types.ts";

/** How many errors of processes that are gone are kept. */
const KEPT_OF_THE_GONE = 1000;

/** Errors of all processes. */
export interface ErrorPage extends Page<ErrorRecord> {
  /** Errors that there were, of the processes that were asked. */
  readonly total: number;
}

/** What was told by processes, so that it is known when they are gone. */
interface Heard {
  readonly recent: RecentLog<ErrorRecord>;
  readonly off: Off;
}

const heardBy: (hub: Client) => Heard = shared("errors-heard", (hub) => {
  const recent = new RecentLog<ErrorRecord>(KEPT_OF_THE_GONE);
  const client = hub as unknown as Client<ErrorTopics>;
  // Who has sent it is what the hub says.
  const off = client.on(
    ERROR_TOPIC,
    (record, { from }) => {
      if (isRecord(record)) {
        const { app, name: process, index, pid } = from;
        recent.add({ ...record, app, process, index, pid });
      }
    },
    { overflow: "drop-old" },
  );
  return { recent, off };
});

/**
 * `/error`: the newest errors of all processes, also of those that have died since. Queries `by`, `value`, `order`,
 * `offset`, `limit` as {@link readPageQuery} reads them.
 */
export function errorEndpoint(hub: Client): Endpoint<ErrorReport, ErrorPage> {
  const heard = heardBy(hub);
  return defineEndpoint<ErrorReport, ErrorPage>({
    group: ERROR_GROUP,
    path: "/error",
    title: "errors of all processes",
    gather: (gathered, query) => {
      const wanted = readPageQuery(query);
      const { records, total } = merge(gathered, heard.recent.all());
      return { ...page(records, wanted), total };
    },
  });
}

/** What was asked for and what was told before, each once, oldest first. */
function merge(
  { answers }: Pick<Gathered<ErrorReport>, "answers">,
  told: readonly ErrorRecord[],
): { readonly records: readonly ErrorRecord[]; readonly total: number } {
  const all = new Map<string, ErrorRecord>();
  const keyOf = ({ process, index, pid, seq, time }: ErrorRecord): string =>
    `${process} ${index} ${pid} ${seq} ${time}`;
  for (const record of told) all.set(keyOf(record), record);
  let total = 0;
  for (const { value } of answers) {
    total += value.total;
    for (const record of value.records) all.set(keyOf(record), record);
  }
  return { records: [...all.values()].sort((a, b) => a.time - b.time || a.seq - b.seq), total };
}

function isRecord(value: unknown): value is ErrorRecord {
  const { time, seq, message } = (value ?? {}) as Partial<ErrorRecord>;
  return typeof time === "number" && typeof seq === "number" && typeof message === "string";
}
