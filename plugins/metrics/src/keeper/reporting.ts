import { hostname } from "node:os";
import type { Client, PluginHost, Reporters } from "@elpis/api";
import {
  createReporterHost,
  feedReporters,
  type PointReader,
  type ReaderOptions,
  type Store,
} from "@elpis/telemetry";
import { Catalog } from "../catalog/catalog.ts";
import type { MetricsTopics } from "../topics.ts";

/** The reporters that run, and how they are ended before their plugins are. */
export interface Reporting {
  readonly reporters: Reporters;
  readonly close: () => Promise<void>;
}

/** Runs the reporters of an application, in the process that merges. */
export function runReporters(
  host: PluginHost,
  store: Store,
  createReader: (options: ReaderOptions) => PointReader,
): Reporting {
  const { hub, log, location } = host;
  const { app } = location;
  const reporters = createReporterHost({
    ...{ createReader, log },
    resource: {
      "service.name": app,
      "host.name": hostname(),
      // One writer: whatever it was merged from.
      "service.instance.id": `${hostname()}/${app}`,
    },
  });
  const client = hub as unknown as Client<MetricsTopics>;
  const offs = [
    feedReporters(hub, reporters),
    client.handle("elpis.reporters.list", () => reporters.status()),
    client.handle("elpis.reporters.test", ({ name }) => reporters.test(name)),
  ];
  const letGo = (): void => {
    for (const off of offs.splice(0)) off();
  };
  host.onClose(letGo);
  observe(store, reporters);
  return {
    reporters,
    close: () => {
      letGo();
      return reporters.close();
    },
  };
}

function observe(store: Store, reporters: Reporters): void {
  const catalog = new Catalog();
  const about = (name: string): { unit: string; description: string; group: string } => {
    const { unit = "", description = "", group = "" } = catalog.find(name) ?? {};
    return { unit, description, group };
  };
  const [items, retries, queue, lag] = ["items", "retries", "queue", "lag"].map(
    (what) => `elpis.reporter.${what}`,
  ) as [string, string, string, string];
  store.observableCounter(items, about(items), ({ observe: tell }) => {
    for (const { name, sent, rejected, dropped } of reporters.status()) {
      for (const [result, count] of Object.entries({ sent, rejected, dropped })) {
        tell(count, { reporter: name, result });
      }
    }
  });
  store.observableCounter(retries, about(retries), ({ observe: tell }) => {
    for (const one of reporters.status()) tell(one.retries, { reporter: one.name });
  });
  store.observableGauge(queue, about(queue), ({ observe: tell }) => {
    for (const { name, queued } of reporters.status()) tell(queued.items, { reporter: name });
  });
  store.observableGauge(lag, about(lag), ({ observe: tell }) => {
    for (const { name, lagMs } of reporters.status()) tell(lagMs / 1000, { reporter: name });
  });
}
