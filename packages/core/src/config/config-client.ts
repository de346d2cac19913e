import type { Client, ConfigTopics, Logger, Off } from "@elpis/api";
import { badArgument, configBadValue, ownError } from "../errors.ts";
import { packOpaque, unpackOpaque } from "../wire/opaque.ts";
import { checkKey } from "./config-store.ts";
import {
  type ConfigItem,
  DELETE,
  GET,
  LIST,
  type ListInput,
  type ListOutput,
  SET,
} from "./config-wire.ts";
import { type ConfigListener, Watches } from "./watches.ts";

/** The shared config as one client sees it. Values travel packed: the hub does not look into them. */
export class ConfigClient implements ConfigTopics {
  readonly #client: Client;
  readonly #watches: Watches;

  constructor(client: Client, log: Logger) {
    this.#client = client;
    this.#watches = new Watches(client, log);
  }

  /** Streams of watched keys that are open here, or will be opened again. */
  get watches(): number {
    return this.#watches.size;
  }

  /** @throws ELPIS_CONFIG_BAD_KEY, ELPIS_CONFIG_TOO_LARGE, ELPIS_CONFIG_FULL, ELPIS_PROTOCOL_NOT_PACKABLE */
  async set(key: string, value: unknown): Promise<void> {
    await this.#ask(SET, { key: checkKey(key), value: packOpaque(value) });
  }

  /** @throws ELPIS_CONFIG_BAD_KEY, ELPIS_CONFIG_BAD_VALUE */
  async get(key: string): Promise<unknown> {
    const { value } = (await this.#ask(GET, checkKey(key))) as ConfigItem;
    return value === null ? undefined : unpack(key, value);
  }

  /** @throws ELPIS_CONFIG_BAD_KEY */
  async delete(key: string): Promise<boolean> {
    return (await this.#ask(DELETE, checkKey(key))) as boolean;
  }

  /** @throws ELPIS_CONFIG_BAD_VALUE */
  async list(prefix = ""): Promise<ReadonlyMap<string, unknown>> {
    const values = new Map<string, unknown>();
    let input: ListInput | undefined = { prefix };
    while (input !== undefined) {
      const { entries, more } = (await this.#ask(LIST, input)) as ListOutput;
      for (const [key, value] of entries) values.set(key, unpack(key, value));
      const after = entries.at(-1)?.[0];
      input = more && after !== undefined ? { prefix, after } : undefined;
    }
    return values;
  }

  /** @throws ELPIS_CONFIG_BAD_KEY, ELPIS_HUB_BAD_ARGUMENT */
  watch(key: string, listener: ConfigListener): Off {
    if (typeof listener !== "function") throw badArgument("listener", "a function", listener);
    return this.#watches.add(checkKey(key), listener);
  }

  async #ask(topic: string, input: unknown): Promise<unknown> {
    try {
      return await this.#client.request(topic, input);
    } catch (error) {
      throw ownError(error, "ELPIS_CONFIG_");
    }
  }
}

/** Whoever set it may have done so by hand. */
function unpack(key: string, value: Uint8Array): unknown {
  try {
    return unpackOpaque(value);
  } catch (cause) {
    throw configBadValue(key, "cannot be read", cause);
  }
}
