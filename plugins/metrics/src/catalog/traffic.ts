import {
  type CatalogEntry,
  type CatalogGroup,
  counter,
  gauge,
  histogram,
  upDown,
} from "./entry.ts";

const same = (name: string): { semantic: string } => ({ semantic: name });

const server: readonly CatalogEntry[] = [
  histogram(
    "http.server.request.duration",
    "s",
    "How long requests took until their answer was sent",
    {
      tags: ["http.request.method", "http.response.status_code"],
      ...same("http.server.request.duration"),
    },
  ),
  counter(
    "http.server.responses",
    "{request}",
    "Requests, by the class of their status: `2xx` to `5xx`, `aborted`",
    {
      tags: ["class"],
    },
  ),
  upDown(
    "http.server.active_requests",
    "{request}",
    "Requests that wait for the end of their answer",
    {
      ...same("http.server.active_requests"),
    },
  ),
  histogram(
    "middleware.http.request",
    "ms",
    "The same requests, by `category`: status below 400 is `success`",
    {
      tags: ["category"],
    },
  ),
];

const client: readonly CatalogEntry[] = [
  histogram(
    "http.client.request.duration",
    "s",
    "How long requests to others took until their answer began",
    {
      tags: ["http.request.method", "http.response.status_code", "server.address", "error.type"],
      ...same("http.client.request.duration"),
    },
  ),
  upDown("http.client.active_requests", "{request}", "Requests to others that have no answer yet", {
    ...same("http.client.active_requests"),
  }),
];

const TRAFFIC_TAGS = ["peer", "class"];

const hub: readonly CatalogEntry[] = [
  counter("elpis.hub.frames.in", "{frame}", "Frames that came from a peer", { tags: TRAFFIC_TAGS }),
  counter("elpis.hub.frames.out", "{frame}", "Frames that went to a peer", { tags: TRAFFIC_TAGS }),
  counter("elpis.hub.bytes.in", "By", "Bytes that came from a peer", { tags: TRAFFIC_TAGS }),
  counter("elpis.hub.bytes.out", "By", "Bytes that went to a peer", { tags: TRAFFIC_TAGS }),
  counter(
    "elpis.hub.frames.dropped",
    "{frame}",
    "Frames that a peer did not get because too much waited",
    {
      tags: TRAFFIC_TAGS,
    },
  ),
  gauge("elpis.hub.peers", "{peer}", "Peers, by `role` and `ready`", { tags: ["role", "ready"] }),
  gauge("elpis.hub.queued", "By", "Bytes that wait for a peer", { tags: ["peer"] }),
  gauge("elpis.hub.calls.given", "{call}", "Calls that a peer was given and has not answered", {
    tags: ["peer"],
  }),
  gauge("elpis.hub.calls.asked", "{call}", "Calls that a peer made and has no answer to", {
    tags: ["peer"],
  }),
  gauge("elpis.hub.calls.open", "{call}", "Calls that are under way"),
  counter("elpis.hub.calls", "{call}", "Calls that were answered"),
  gauge(
    "elpis.hub.latency.p50",
    "ms",
    "How long calls took: half of them no longer, since the start",
  ),
  gauge("elpis.hub.latency.p90", "ms", "The same: 9 of 10 no longer"),
  gauge("elpis.hub.latency.p99", "ms", "The same: 99 of 100 no longer"),
  gauge("elpis.hub.latency.max", "ms", "The same: the longest"),
  counter("elpis.hub.closes", "{connection}", "Connections that ended, by `code`", {
    tags: ["code"],
  }),
  counter("elpis.hub.late", "{answer}", "Answers that came after their call was over"),
  counter("elpis.hub.stray", "{answer}", "Answers to nothing that was asked"),
  counter("elpis.hub.expired", "{call}", "Deadlines that passed at the hub"),
  counter("elpis.hub.overloaded", "{call}", "Requests that were refused because too much waited"),
  counter("elpis.hub.dropped", "{event}", "Events that were dropped because too much waited"),
  counter("elpis.hub.unheard", "{event}", "Events that nobody listened to"),
  counter("elpis.hub.kept", "{message}", "Messages that were kept for somebody who was not there"),
];

const supervision: readonly CatalogEntry[] = [
  counter(
    "elpis.process.restarts",
    "{restart}",
    "Restarts of a process, by what had led to them (`cause`)",
    {
      tags: ["process", "cause"],
    },
  ),
  gauge("elpis.process.instances", "{process}", "Instances of a process, by `state`", {
    tags: ["process", "state"],
  }),
];

/** What passes, and what the master counts. */
export const TRAFFIC: readonly CatalogGroup[] = [
  { group: "http", title: "HTTP: what is served", entries: server },
  { group: "http.client", title: "HTTP: what is asked of others", entries: client },
  { group: "hub", title: "The hub", entries: hub },
  { group: "supervision", title: "Supervision", entries: supervision },
];

const own: readonly CatalogEntry[] = [
  counter("elpis.telemetry.dropped", "1", "What instruments had to drop, by `reason`", {
    tags: ["reason"],
  }),
  gauge("elpis.telemetry.series", "1", "Series of all processes", { merge: "sum" }),
  gauge("elpis.metrics.processes", "{process}", "Processes that report, by `state`", {
    tags: ["state"],
  }),
  counter("elpis.metrics.deltas", "{delta}", "Reports that came, by `result`", {
    tags: ["result"],
  }),
  counter("elpis.metrics.lost", "1", "What was dropped where reports are merged, by `reason`", {
    tags: ["reason"],
  }),
  counter(
    "elpis.metrics.snapshots",
    "{snapshot}",
    "How often sums were written to a disk, by `result`",
    {
      tags: ["result"],
    },
  ),
];

const reporting: readonly CatalogEntry[] = [
  counter(
    "elpis.reporter.items",
    "1",
    "What was handed to a reporter, by `reporter` and `result`: `sent`, `rejected` by its backend, `dropped` before that",
    { tags: ["reporter", "result"] },
  ),
  counter("elpis.reporter.retries", "1", "Attempts that were made again, by `reporter`", {
    tags: ["reporter"],
  }),
  gauge("elpis.reporter.queue", "1", "Items that wait for a backend, by `reporter`", {
    tags: ["reporter"],
  }),
  gauge("elpis.reporter.lag", "s", "How old the oldest of them is, by `reporter`", {
    tags: ["reporter"],
  }),
];

/** What this plugin says of itself. */
export const OWN: readonly CatalogGroup[] = [
  { group: "elpis", title: "The metrics themselves", entries: own },
  { group: "reporters", title: "Reporters", entries: reporting },
];
