import { connect } from "node:net";
import type { Client } from "@elpis/api";
import type { ProbeDefinition } from "../config/types.ts";
import { type ExecContext, probeExec } from "./probe-exec.ts";

/** What came of one question. `why` is for a person. */
export type ProbeResult = { readonly ok: true } | { readonly ok: false; readonly why: string };

/** What a probe needs to know of the process it asks. */
export interface ProbeContext extends ExecContext {
  /** Of the master. */
  readonly client: Pick<Client, "request">;
  /** Number of the process on the hub; a `hub` probe of one that is not there fails. */
  readonly peerId: number | undefined;
}

/** Asks once, and waits no longer than the probe says. Never rejects. */
export async function runProbe(
  probe: ProbeDefinition,
  context: ProbeContext,
): Promise<ProbeResult> {
  try {
    switch (probe.kind) {
      case "http": {
        // Node's own client is a few megabytes: for those only who ask over HTTP.
        const { probeHttp } = await import("./probe-http.ts");
        return await probeHttp(probe.url, probe.timeoutMs);
      }
      case "tcp":
        return await probeTcp(probe.host, probe.port, probe.timeoutMs);
      case "exec":
        return await probeExec(probe.command, probe.timeoutMs, context);
      case "hub":
        return await probeHub(probe.topic, probe.timeoutMs, context);
    }
  } catch (error) {
    return { ok: false, why: error instanceof Error ? error.message : String(error) };
  }
}

function probeTcp(host: string, port: number, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (result: ProbeResult): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(
      () => end({ ok: false, why: `${host}:${port} took more than ${timeoutMs} ms to connect` }),
      timeoutMs,
    );
    socket.once("connect", () => end({ ok: true }));
    socket.on("error", (error) => end({ ok: false, why: error.message }));
  });
}

async function probeHub(
  topic: string,
  timeoutMs: number,
  { client, peerId }: ProbeContext,
): Promise<ProbeResult> {
  if (peerId === undefined) return { ok: false, why: "it is not on the hub" };
  const answer = await client.request(topic, {}, { to: { id: peerId }, timeoutMs });
  return answer === false ? { ok: false, why: `it answered ${topic} with false` } : { ok: true };
}
