import type { Batch, Report, ReportCall, Reporter, Tags } from "@elpis/api";
import { dogName, eventLine, givenTags } from "./dialect-dogstatsd.ts";
import { statsdName } from "./dialect-statsd.ts";
import { HostLookup } from "./host-lookup.ts";
import { LineMaker, type Lines } from "./lines.ts";
import type { StatsdOptions } from "./options.ts";
import { packetsOf } from "./packets.ts";
import { sendPackets } from "./send.ts";

const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_PORT = 8125;
/** How often servers hand on what they have, mostly. */
const INTERVAL_MS = 10_000;

/** Makes the reporter. */
export function statsdReporter(options: StatsdOptions): Reporter {
  const { host = DEFAULT_HOST, port = DEFAULT_PORT, dialect = "statsd", prefix = "" } = options;
  const isDog = dialect === "dogstatsd";
  const lookup = new HostLookup(host);
  let given: Tags = {};
  const maker = new LineMaker((point, suffix, hash) =>
    isDog ? dogName(prefix, point, suffix, hash, given) : statsdName(prefix, point, suffix, hash),
  );
  return {
    wants: {
      signals: isDog ? ["metrics", "events"] : ["metrics"],
      temporality: "delta",
      intervalMs: INTERVAL_MS,
    },
    async report(batch: Batch, { signal }: ReportCall): Promise<Report | undefined> {
      signal.throwIfAborted();
      // The same for all batches: names that are remembered have it in them.
      given = givenTags(batch.resource);
      const { lines, refused } = maker.linesOf(batch.points);
      if (isDog) lines.push(...eventsOf(batch, given));
      const { packets, tooLong } = packetsOf(lines);
      const reasons = refused === undefined ? [] : [refused.reason];
      const lost = new Set(tooLong);
      if (tooLong.size > 0) reasons.push(`${tooLong.size} not sent: too long for a packet`);
      if (packets.length > 0) {
        const { unsent, code } = await sendPackets({ lookup, port }, packets, signal);
        for (const { points } of unsent) for (const point of points) lost.add(point);
        if (unsent.length > 0) reasons.push(`${unsent.length} packets not sent: ${code}`);
      }
      const rejected = lost.size + (refused?.count ?? 0);
      return rejected > 0 ? { rejected, reason: reasons.join("; ") } : undefined;
    },
  };
}

/** Events are counted behind the points. */
function eventsOf({ points, events }: Batch, given: Tags): Lines[] {
  return events.map((event, at) => ({ text: eventLine(event, given), point: points.length + at }));
}
