import type { JobStats } from "@elpis/api";
import type { Job } from "./job.ts";
import type { DeadPage, StatsPage } from "./wire.ts";

/** What an entry has besides its texts and its payload, about, in bytes. */
const ENTRY_BYTES = 200;

/** The statistics from number `after` on, as far as they go into a frame. */
export function statsPage(all: readonly JobStats[], after: number, maxBytes: number): StatsPage {
  let bytes = 0;
  const stats: JobStats[] = [];
  for (const entry of all.slice(after)) {
    bytes += ENTRY_BYTES + Buffer.byteLength(entry.topic);
    if (bytes > maxBytes && stats.length > 0) return { stats, next: after + stats.length };
    stats.push(entry);
  }
  return { stats };
}

/** At most `limit` dead letters that were given up after number `after`, as far as they go into a frame. */
export function deadPage(
  dead: Iterable<Job>,
  limit: number,
  after: number,
  maxBytes: number,
): DeadPage {
  let bytes = 0;
  const jobs: Array<DeadPage["jobs"][number]> = [];
  let last = after;
  for (const { id, topic, attempts, reason, payload, grave } of dead) {
    if (grave <= after) continue;
    bytes += ENTRY_BYTES + Buffer.byteLength(topic + id + reason) + payload.length;
    if (bytes > maxBytes && jobs.length > 0) return { jobs, next: last };
    jobs.push({ id, topic, attempts, reason, payload });
    last = grave;
    if (jobs.length === limit) break;
  }
  return { jobs };
}
