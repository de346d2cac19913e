import type { TraceDetails, TraceSpan, TraceStatus } from "@elpis/api";

/** When the example traces began, in milliseconds since 1970. */
export const BEGAN: number = Date.UTC(2026, 0, 31, 12);

/**
 * A module that stands in for whoever keeps traces: `keep(hub, traces)` answers the topics about them, and two of its own:
 * `test.keep` adds traces, numbers them, and forgets all but the newest `cached`; `test.asked` tells what was asked last.
 */
export const KEEPER = `
export function keep(hub, kept = [], cached = 10_000) {
  let traces = [];
  let seq = 0;
  let asked;
  const add = (all) => {
    for (const one of all) traces.push({ ...one, seq: ++seq });
    traces = traces.slice(-cached);
  };
  add(kept);
  const fits = (query) => (one) =>
    (query.name === undefined || one.name.toLowerCase().includes(query.name.toLowerCase())) &&
    (query.statuses === undefined || query.statuses.some((status) => one.statuses.includes(status))) &&
    one.durationMs >= (query.minMs ?? 0) && one.durationMs <= (query.maxMs ?? Infinity) &&
    one.start >= (query.since ?? 0) && one.start <= (query.until ?? Infinity) &&
    (query.process === undefined || one.processes.some((own) => own === query.process || own.replace(/\\.\\d+$/, "") === query.process)) &&
    Object.entries(query.tags ?? {}).every(([key, value]) => one.tree.some(({ tags }) => String(tags[key]) === value)) &&
    one.seq > (query.after ?? 0);
  hub.handle("elpis.trace.list", (query) => {
    asked = query;
    if (query.name === "refuse me") {
      throw Object.assign(new Error("The part name makes no sense."), { code: "ELPIS_TRACE_BAD_QUERY" });
    }
    const found = traces.filter(fits(query));
    if (query.order !== "asc") found.reverse();
    const { offset = 0, limit = 100 } = query;
    const items = found.slice(offset, offset + limit).map(({ tree, omitted, ...summary }) => summary);
    return { total: found.length, offset, limit, firstSeq: 1, lastSeq: seq, items };
  });
  hub.handle("elpis.trace.get", ({ traceId }) => traces.find((one) => one.traceId === traceId) ?? null);
  hub.handle("elpis.trace.stats", () => ({
    spans: 70, kept: seq, letGo: 11, spansLetGo: 22, late: 3, lostAtSender: 4, lostHere: 5,
    pending: { traces: 6, spans: 7, open: 2, bytes: 8000 }, cached: { traces: traces.length, bytes: 9000 },
  }));
  hub.handle("test.keep", (all) => add(all));
  hub.handle("test.asked", () => asked);
}
`;

/** A trace of one span; its id begins with `id`. */
export function simpleTrace(id: string, more: Partial<TraceDetails> = {}): TraceDetails {
  const { name = "GET /", status = "normal", start = BEGAN, durationMs = 12.5 } = more;
  const traceId = id.padEnd(32, "0");
  return {
    ...{ traceId, seq: 0, name, status, statuses: [status] satisfies TraceStatus[], start },
    ...{ durationMs, spans: 1, errors: 0, processes: ["web.0"], open: [], omitted: 0 },
    tree: [span(traceId, "a", { name, start, durationMs })],
    ...more,
  };
}

/** An order that went wrong: over two processes, with a failure, something open, and something that only others speak of. */
export function failedTrace(): TraceDetails {
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  const tree: TraceSpan[] = [
    span(traceId, "a", {
      ...{ name: "POST /order", start: BEGAN, durationMs: 200, kind: "server", status: "error" },
      tags: {
        "http.response.status_code": 500,
        "http.route": "/order",
        "url.full": "http://ann:hunter2@shop/order?access_token=hunter2",
        "http.request.header.authorization": "Bearer hunter2",
      },
    }),
    span(traceId, "b", {
      ...{ parentSpanId: idOf("a"), name: "query", start: BEGAN + 10, durationMs: 50 },
      tags: { "db.system.name": "postgresql", "db.query.text": "SELECT *\n  FROM items" },
    }),
    span(traceId, "c", {
      ...{ parentSpanId: idOf("a"), name: "", start: BEGAN + 100, durationMs: 0, state: "unseen" },
    }),
    span(traceId, "d", {
      ...{ parentSpanId: idOf("c"), name: "charge card", start: BEGAN + 100, durationMs: 80 },
      ...{ process: "jobs.1", status: "error", statusMessage: "the card was declined" },
    }),
    span(traceId, "e", {
      ...{ parentSpanId: idOf("d"), name: "send mail", start: BEGAN + 150, durationMs: 0 },
      ...{ process: "jobs.1", state: "open" },
    }),
  ];
  return {
    ...{ traceId, seq: 0, name: "POST /order", status: "unfinished", start: BEGAN },
    ...{ statuses: ["unfinished", "error", "slow"], durationMs: 200, spans: 5, errors: 2 },
    ...{ processes: ["web.0", "jobs.1"], open: ["send mail"], tree, omitted: 0 },
  };
}

function span(traceId: string, id: string, more: Partial<TraceSpan>): TraceSpan {
  return {
    ...{ traceId, spanId: idOf(id), name: "", kind: "internal", start: BEGAN, durationMs: 0 },
    ...{ status: "unset", tags: {}, events: [], links: [], state: "over", process: "web.0" },
    source: { app: "shop", name: "web", index: 0 },
    ...more,
  };
}

function idOf(id: string): string {
  return id.padEnd(16, "0");
}
