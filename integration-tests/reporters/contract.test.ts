import { createSocket } from "node:dgram";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ReporterDefinition } from "@elpis/api";
import { alinode } from "@elpis/reporter-alinode";
import { consoleReporter } from "@elpis/reporter-console";
import { file } from "@elpis/reporter-file";
import { newRelic } from "@elpis/reporter-newrelic";
import { openFalcon } from "@elpis/reporter-open-falcon";
import { otlp } from "@elpis/reporter-otlp";
import { prometheusRemoteWrite, pushgateway } from "@elpis/reporter-prometheus";
import { statsd } from "@elpis/reporter-statsd";
import { httpBackend, type ReporterBackend, reporterContract, tempDir } from "@elpis/testing";
import { test } from "vitest";

type OptionsOf<Factory> = Factory extends { readonly definition: ReporterDefinition<infer Options> }
  ? Options
  : never;

const SECRET = "not-to-be-seen-4711";

reporterContract(openFalcon, {
  test,
  backend: () =>
    httpBackend<OptionsOf<typeof openFalcon>>({
      options: (url) => ({ endpoint: "here", agent: url.replace("//", `//me:${SECRET}@`) }),
      answer: () => ({ body: "success" }),
    }),
});

reporterContract(otlp, {
  test,
  backend: () =>
    httpBackend<OptionsOf<typeof otlp>>({
      options: (endpoint) => ({ endpoint, headers: { authorization: `Bearer ${SECRET}` } }),
    }),
});

reporterContract(newRelic, {
  test,
  backend: () =>
    httpBackend<OptionsOf<typeof newRelic>>({
      options: (url) => ({
        ...{ apiKey: SECRET, accountId: 1 },
        ...{ metricUrl: `${url}/m`, traceUrl: `${url}/t`, eventUrl: `${url}/e` },
      }),
      answer: () => ({ status: 202, body: '{"requestId":"1"}' }),
    }),
});

reporterContract(prometheusRemoteWrite, {
  test,
  backend: () =>
    httpBackend<OptionsOf<typeof prometheusRemoteWrite>>({
      options: (url) => ({ url, bearerToken: SECRET }),
      answer: () => ({ status: 204 }),
    }),
});

reporterContract(pushgateway, {
  test,
  backend: () =>
    httpBackend<OptionsOf<typeof pushgateway>>({
      options: (url) => ({ url, basicAuth: { username: "me", password: SECRET } }),
    }),
});

/** A server of either dialect; nobody says anything over UDP. */
async function datagrams(
  dialect: "statsd" | "dogstatsd",
): Promise<ReporterBackend<OptionsOf<typeof statsd>>> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await new Promise<void>((resolve) => socket.once("listening", resolve));
  let received = 0;
  socket.on("message", () => {
    received += 1;
  });
  return {
    options: { host: "127.0.0.1", port: socket.address().port, dialect },
    get received() {
      return received;
    },
    ...{ sicknesses: [], set: () => {} },
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

reporterContract(statsd, { test, backend: () => datagrams("statsd") });
reporterContract(statsd, { test, backend: () => datagrams("dogstatsd") });

reporterContract(consoleReporter, {
  test,
  backend: (): ReporterBackend<OptionsOf<typeof consoleReporter>> => {
    const { write } = process.stderr;
    let received = 0;
    const count = (text: string, done?: (error?: Error | null) => void): boolean => {
      received += text.length;
      done?.();
      return true;
    };
    process.stderr.write = count as typeof write;
    return {
      options: { stream: "stderr" },
      get received() {
        return received;
      },
      ...{ sicknesses: [], set: () => {} },
      close: () => {
        process.stderr.write = write;
      },
    };
  },
});

/** What is written to a folder counts as received. */
async function folder<Options>(
  optionsOf: (dir: string) => Options,
): Promise<ReporterBackend<Options>> {
  const dir = await tempDir();
  return {
    options: optionsOf(dir.path),
    get received() {
      const sizes = readdirSync(dir.path).map((name) => statSync(join(dir.path, name)).size);
      return sizes.reduce((sum, size) => sum + size, 0);
    },
    ...{ sicknesses: [], set: () => {} },
    close: () => dir.remove(),
  };
}

reporterContract(file, {
  test,
  backend: () => folder<OptionsOf<typeof file>>((dir) => ({ path: join(dir, "all.jsonl") })),
});

reporterContract(alinode, {
  test,
  backend: () => folder<OptionsOf<typeof alinode>>((dir) => ({ dir })),
});
