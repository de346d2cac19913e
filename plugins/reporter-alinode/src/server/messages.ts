import type { Records } from "../records/records.ts";

/** What a message of the type `log` carries. */
export interface LogParams extends Readonly<Record<string, unknown>> {
  readonly type: "node_log" | "tracing_log" | "error_log" | "slow_http";
  readonly metrics: object;
}

/** Records as a collector sends them that has read them in the files. */
export function messagesOf({ lines, spans, errors, access }: Records): LogParams[] {
  const pid = String(process.pid);
  const data = lines.flat().map(({ key, text }) => ({ pid, item: key, value: Number(text) }));
  const list = errors.map(({ lines, type, timestamp }) => ({
    stack: `${lines.join("\n")}\n`,
    type,
    extra: "",
    timestamp,
  }));
  const slowest = (["receive", "send"] as const).flatMap(
    (type) => access.find((one) => one.type === type) ?? [],
  );
  const all: [LogParams, number][] = [
    [{ type: "node_log", metrics: { ok: true, data } }, data.length],
    [{ type: "tracing_log", metrics: { ok: true, data: spans } }, spans.length],
    [{ type: "error_log", metrics: list }, list.length],
    [{ type: "slow_http", metrics: slowest }, slowest.length],
  ];
  return all.filter(([, count]) => count > 0).map(([message]) => message);
}
