import type { Client, Off } from "@elpis/api";
import { ConfigStore, checkKey } from "./config-store.ts";
import {
  type ConfigItem,
  DELETE,
  GET,
  LIST,
  type ListInput,
  type ListOutput,
  SET,
  WATCH,
} from "./config-wire.ts";
import { Watchers } from "./watchers.ts";

/** A part of a list has about this many bytes, so that it fits into one frame. */
const PART_BYTES = 64 * 1024;

/** Keeps the shared config and answers for it, on the hub's own peer, until it is taken back. */
export function serveConfig(client: Client): Off {
  const store = new ConfigStore();
  const watchers = new Watchers();
  const item = (key: string): ConfigItem =>
    store.get(key) ?? { version: store.version, value: null };
  const offs = [
    client.handle(SET, (input: unknown) => {
      const { key, value } = fields(input);
      const { version } = store.set(key, value);
      watchers.changed(key as string);
      return version;
    }),
    client.handle(GET, (key: unknown) => item(checkKey(key))),
    client.handle(DELETE, (key: unknown) => {
      const wasThere = store.delete(key);
      if (wasThere) watchers.changed(key as string);
      return wasThere;
    }),
    client.handle(LIST, (input: unknown) => listPart(store, fields(input))),
    client.serve(WATCH, (input: unknown) => {
      const key = checkKey(input);
      return watchers.add(key, () => item(key));
    }),
  ];
  return () => {
    for (const off of offs) off();
    watchers.close();
  };
}

function listPart(store: ConfigStore, { prefix, after }: ListInput): ListOutput {
  const entries: Array<[string, Uint8Array]> = [];
  let bytes = 0;
  const from = typeof after === "string" ? after : undefined;
  for (const key of store.keys(typeof prefix === "string" ? prefix : "", from)) {
    const value = store.get(key)?.value ?? new Uint8Array();
    const more = Buffer.byteLength(key) + value.length;
    if (entries.length > 0 && bytes + more > PART_BYTES) return { entries, more: true };
    entries.push([key, value]);
    bytes += more;
  }
  return { entries, more: false };
}

/** The fields of whatever was sent. */
function fields(input: unknown): { key?: unknown; value?: unknown } & ListInput {
  return input !== null && typeof input === "object" ? input : {};
}
