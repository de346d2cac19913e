import type { Client, Logger, Off, ProxyOptions, PublishOptions, Remote } from "@elpis/api";
import { makeProxy } from "./proxy.ts";
import { Publisher } from "./publisher.ts";
import { Subscriptions } from "./subscriptions.ts";

/** The objects of one client: those it publishes, and those of others that it uses. */
export class Objects {
  readonly #client: Client;
  readonly #publisher: Publisher;
  readonly #subscriptions: Subscriptions;

  constructor(client: Client, log: Logger) {
    this.#client = client;
    this.#publisher = new Publisher(client, log);
    this.#subscriptions = new Subscriptions(client, log);
  }

  /** Streams of events that are open here, or will be opened again. */
  get subscriptions(): number {
    return this.#subscriptions.size;
  }

  /**
   * Lets others use what `options` name of an object; resolves when they can.
   * @throws ELPIS_OBJECT_BAD_NAME, ELPIS_OBJECT_BAD_MEMBER, ELPIS_HUB_DUPLICATE_HANDLER, ELPIS_HUB_BAD_ARGUMENT
   */
  async publish<T extends object>(
    name: string,
    object: T,
    options: PublishOptions<T>,
  ): Promise<Off> {
    const off = this.#publisher.add(name, object, options as unknown as PublishOptions<object>);
    try {
      // The hub reads in order: when it answers, it has read what was published.
      await this.#client.peers();
    } catch (error) {
      off();
      throw error;
    }
    return off;
  }

  /**
   * An object that another peer published.
   * @throws ELPIS_OBJECT_BAD_NAME, ELPIS_HUB_BAD_ARGUMENT
   */
  proxy<T extends object>(name: string, options?: ProxyOptions): Remote<T> {
    return makeProxy(this.#client, this.#subscriptions, name, options) as Remote<T>;
  }
}
