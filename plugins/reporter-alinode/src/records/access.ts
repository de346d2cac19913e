import type { SignalTags, SpanRecord } from "@elpis/api";

/** From here on there are no days. */
const MOST_TIME = 8.64e15;
/** Of the last 20 lines the collector sends the slowest in and the slowest out. */
const KEPT = 10;

/** An HTTP request that came in, or went out. */
export interface AccessRecord {
  readonly timestamp: string;
  readonly from: string;
  readonly type: "receive" | "send";
  readonly to: string;
  readonly method: string;
  readonly url: string;
  readonly protocol: string;
  readonly code: number;
  readonly rt: number;
}

/** The slowest HTTP requests of the spans, in and out. */
export function accessOf(spans: readonly SpanRecord[]): AccessRecord[] {
  const all = spans
    .flatMap((span) => translate(span) ?? [])
    .toSorted((one, other) => other.rt - one.rt);
  const some = (type: string): AccessRecord[] =>
    all.filter((one) => one.type === type).slice(0, KEPT);
  return [...some("receive"), ...some("send")];
}

/** `[ISO] from -> to "GET /x HTTP/1.1 200" 120` */
export function accessLine(record: AccessRecord): string {
  const { timestamp, from, type, to, method, url, protocol, code, rt } = record;
  const arrow = type === "receive" ? "->" : "<-";
  return `[${timestamp}] ${from} ${arrow} ${to} "${method} ${url} ${protocol} ${code}" ${rt}`;
}

function translate({ kind, tags, start, durationMs }: SpanRecord): AccessRecord | undefined {
  if (kind !== "server" && kind !== "client") return undefined;
  const method = word(tags, "http.request.method", "http.method");
  const code = Number(word(tags, "http.response.status_code", "http.status_code"));
  if (method === "-" || !Number.isInteger(code) || code < 0) return undefined;
  if (!(Math.abs(start) <= MOST_TIME) || !Number.isFinite(durationMs)) return undefined;
  const here = word(tags, "server.address", "net.host.name");
  return {
    timestamp: new Date(start).toISOString(),
    from: kind === "server" ? word(tags, "client.address", "net.peer.ip") : "-",
    type: kind === "server" ? "receive" : "send",
    to: kind === "client" && here === "-" ? word(tags, "net.peer.name") : here,
    method,
    url: pathOf(word(tags, "url.path", "http.target", "url.full", "http.url")),
    protocol: `HTTP/${word(tags, "network.protocol.version", "http.flavor").replace("-", "1.1")}`,
    code,
    rt: Math.max(0, Math.round(durationMs)),
  };
}

/** The first of some tags, as one word. */
function word(tags: SignalTags, ...names: readonly string[]): string {
  const found = names.map((name) => tags[name]).find((one) => one !== undefined && one !== "");
  return found === undefined ? "-" : String(found).replaceAll(/[\s"]+/g, "_");
}

/** Without what is asked for: that is where tokens are. */
function pathOf(url: string): string {
  const path = URL.canParse(url) ? new URL(url).pathname : url;
  return path.replace(/[?#].*$/, "") || "/";
}
