import {
  type Capability,
  type Client,
  capability,
  definePlugin,
  type ElpisError,
  type Logger,
  type PluginDefinition,
  type PluginUse,
} from "@elpis/api";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { createHub, type Hub } from "../../src/hub/hub.ts";
import { bootPlugins, type RunningPlugins } from "../../src/kernel/boot.ts";

interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: unknown;
}

// One hub for the tests of a file; what was noted is forgotten before each.
let hub: Hub;
export let client: Client;
export let steps: string[] = [];
export let lines: Line[] = [];

beforeAll(async () => {
  hub = await createHub({ name: "kernel-test", listen: false });
  client = hub.client;
});
afterAll(() => hub.close());
beforeEach(() => {
  steps = [];
  lines = [];
});

/** Notes its lines. */
function logger(bound: object = {}): Logger {
  const at =
    (level: string) =>
    (message: string, fields?: object): void => {
      lines.push({ level, message, fields: { ...bound, ...fields } });
    };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => logger({ ...bound, ...fields }),
  };
}

export function boot(...plugins: PluginUse[]): Promise<RunningPlugins> {
  return bootPlugins({ plugins, client, log: logger() });
}

/** A plugin that notes when it is set up and closed. */
export function plugin(name: string, more: Partial<PluginDefinition<object>> = {}): PluginUse {
  const { setup, ...rest } = more;
  return definePlugin<object>({
    name,
    roles: ["master"],
    ...rest,
    setup: async (host, options) => {
      steps.push(`${name} up`);
      host.onClose(() => steps.push(`${name} down`));
      await setup?.(host, options);
    },
  })();
}

export async function failure(promise: Promise<unknown>): Promise<ElpisError> {
  return promise.then(
    () => {
      throw new Error("did not fail");
    },
    (error: ElpisError) => error,
  );
}

export const number: Capability<number> = capability<number>("number");
export const never = (): Promise<void> => new Promise(() => {});
