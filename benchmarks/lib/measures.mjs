// What is measured: which job the first client does, with which payload, and in which unit the result is.
const WORKER = 2;
const SUBSCRIBERS = [2, 3, 4, 5];

/** Clients of every peer: 1 asks and produces, 2 answers and consumes, 2 to 5 subscribe. */
export const CLIENTS = 5;

export const MEASURES = [
  {
    id: "rr.s100",
    title: "round trips/s s100",
    job: "ask",
    args: { to: WORKER, payload: "s100", inFlight: 64 },
  },
  { id: "rr.s1k", title: "s1k", job: "ask", args: { to: WORKER, payload: "s1k", inFlight: 64 } },
  { id: "rr.b64k", title: "b64k", job: "ask", args: { to: WORKER, payload: "b64k", inFlight: 8 } },
  {
    id: "fan.s100",
    title: "fan-out to 4, deliveries/s",
    job: "produce",
    args: { payload: "s100", sinks: SUBSCRIBERS },
  },
  {
    id: "one.s100",
    title: "one way, messages/s",
    job: "produce",
    args: { to: WORKER, payload: "s100", sinks: [WORKER] },
  },
  // Last: what is still cold in the JIT shows most in a latency.
  { id: "lat.s100", title: "latency p50 µs", job: "ping", args: { to: WORKER, payload: "s100" } },
];
