import type { Client, Event, EventRecord, Point, SpanRecord, Tags } from "@elpis/api";
import type { Attributes } from "../attributes.ts";
import { flatten, toTags } from "../tags.ts";

/** What processes tell whoever runs reporters, as it happens. */
export interface ReportedTopics {
  readonly "elpis.telemetry.events": Event<{ readonly events: readonly EventRecord[] }>;
  readonly "elpis.telemetry.spans": Event<{ readonly spans: readonly SpanRecord[] }>;
  /** Of those who merge by themselves. */
  readonly "elpis.telemetry.points": Event<{ readonly points: readonly Point[] }>;
}

const LIMITS = { attributes: 32, attributeChars: 256 };

/**
 * Tells something that has happened, such as an order that was placed, to the reporters that want events. Where nobody wants
 * them it is gone.
 *
 * @returns resolves when it has left this process
 * @example await recordEvent(hub, "order.placed", { total: 42 });
 */
export function recordEvent(hub: Client, name: string, attributes: Attributes = {}): Promise<void> {
  const { app, name: process, index, epoch } = hub.location;
  const tags: Tags = toTags(flatten(attributes, LIMITS, () => {}));
  const event: EventRecord = {
    ...{ name, tags, time: Date.now() },
    source: { app, name: process, index, epoch },
  };
  const client = hub as unknown as Client<ReportedTopics>;
  return client.emit("elpis.telemetry.events", { events: [event] });
}
