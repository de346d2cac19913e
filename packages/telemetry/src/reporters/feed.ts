import type { Client, ErrorRecord, Off, PointSource, Reporters } from "@elpis/api";
import { ERROR_TOPIC, type ErrorTopics } from "../indicators/error-log.ts";
import type { ReportedTopics } from "./events.ts";
import { isError, isEvent, isPoint, isSpan } from "./shapes.ts";

/**
 * Hands to reporters what all processes tell: errors, events and spans, each from when somebody wants it, and the points of
 * those who merge by themselves. Whose it is, is what the hub says.
 *
 * @returns what ends it
 */
export function feedReporters(hub: Client, reporters: Reporters): Off {
  const client = hub as unknown as Client<ReportedTopics & ErrorTopics>;
  const offs: Off[] = [];
  const listen = { overflow: "drop-old" } as const;
  const sourceOf = ({ app, name, index, epoch }: Required<PointSource>): PointSource => ({
    ...{ app, name, index, epoch },
  });
  offs.push(
    reporters.onWanted("errors", () => {
      const off = client.on(
        ERROR_TOPIC,
        (record, { from }) => {
          if (!isError(record)) return;
          const { app, name: process, index, pid } = from;
          const error: ErrorRecord = { ...record, app, process, index, pid };
          reporters.take({ errors: [error] });
        },
        listen,
      );
      offs.push(off);
    }),
    reporters.onWanted("events", () => {
      const off = client.on(
        "elpis.telemetry.events",
        ({ events }, { from }) => {
          const source = sourceOf(from);
          reporters.take({
            events: listOf(events, isEvent).map((event) => ({ ...event, source })),
          });
        },
        listen,
      );
      offs.push(off);
    }),
    // Whoever hands these over wants to know that somebody is there, also when no reporter wants them.
    client.on(
      "elpis.telemetry.spans",
      ({ spans }, { from }) => {
        const source = sourceOf(from);
        reporters.take({ spans: listOf(spans, isSpan).map((span) => ({ ...span, source })) });
      },
      listen,
    ),
    client.on(
      "elpis.telemetry.points",
      ({ points }, { from }) => {
        const source = sourceOf(from);
        reporters.take({ points: listOf(points, isPoint).map((point) => ({ ...point, source })) });
      },
      listen,
    ),
  );
  return () => {
    for (const off of offs.splice(0)) off();
  };
}

/** Somebody else's version, or somebody else altogether, may send anything: what it is not is left out. */
function listOf<Item>(
  list: readonly Item[] | undefined,
  isOne: (value: unknown) => boolean,
): readonly Item[] {
  return Array.isArray(list) ? list.filter(isOne) : [];
}
