import type { Client, Logger, Off, PublishOptions, RequestContext } from "@elpis/api";
import { duplicateHandler } from "../errors.ts";
import { type Call, readCall } from "./call.ts";
import { callTopic, checkObjectName, eventTopic, labelOf } from "./names.ts";
import { Published } from "./published.ts";
import type { Subscriber } from "./subscriber.ts";

/** The objects of one name; the topic without a tag is theirs together. */
interface Name {
  readonly objects: Published[];
  stop: Off;
}

/** The objects that this peer publishes, by name and tag. */
export class Publisher {
  readonly #client: Client;
  readonly #log: Logger;
  readonly #names = new Map<string, Name>();

  constructor(client: Client, log: Logger) {
    this.#client = client;
    this.#log = log;
  }

  /** @throws ELPIS_OBJECT_BAD_NAME, ELPIS_OBJECT_BAD_MEMBER, ELPIS_HUB_DUPLICATE_HANDLER, ELPIS_HUB_BAD_ARGUMENT */
  add(name: string, object: object, options: PublishOptions<object>): Off {
    const { tag } = options;
    checkObjectName(name, tag);
    const known = this.#names.get(name);
    if (known?.objects.some((other) => other.tag === tag) === true) {
      throw duplicateHandler(callTopic(name, tag));
    }
    const published = new Published(name, object, options, this.#log);
    const stopTag =
      tag === undefined ? () => {} : this.#answer(name, tag, (wanted) => wanted([published]));
    try {
      this.#join(name, published, known);
    } catch (error) {
      stopTag();
      throw error;
    }
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      stopTag();
      this.#leave(name, published);
      published.close();
    };
  }

  #join(name: string, published: Published, known: Name | undefined): void {
    if (known !== undefined) {
      known.objects.push(published);
      return;
    }
    const objects = [published];
    const stop = this.#answer(name, undefined, (wanted) => {
      const found = wanted(objects);
      // Whoever asks for any of them asks them in turn.
      objects.push(...objects.splice(0, 1));
      return found;
    });
    this.#names.set(name, { objects, stop });
  }

  #leave(name: string, published: Published): void {
    const known = this.#names.get(name);
    if (known === undefined) return;
    known.objects.splice(known.objects.indexOf(published), 1);
    if (known.objects.length > 0) return;
    known.stop();
    this.#names.delete(name);
  }

  /** Answers calls and subscriptions of one topic with the object that `choose` finds. */
  #answer(name: string, tag: string | undefined, choose: Choose): Off {
    const label = labelOf(name, tag);
    const run = (input: unknown, context: RequestContext): unknown => {
      const call = readCall(label, input);
      return choose((objects) => offering(objects, call)).run(call, context);
    };
    const subscribe = (event: unknown): Subscriber =>
      choose((objects) => objects.find((one) => one.hasEvent(event)) ?? first(objects)).subscribe(
        event,
      );
    const stopCalls = this.#client.handle(callTopic(name, tag), run);
    try {
      const stopEvents = this.#client.serve(eventTopic(name, tag), subscribe);
      return () => {
        stopCalls();
        stopEvents();
      };
    } catch (error) {
      stopCalls();
      throw error;
    }
  }
}

/** Lets a choice be made among the objects of a topic; there is always one. */
type Choose = (wanted: (objects: readonly Published[]) => Published) => Published;

function offering(objects: readonly Published[], call: Call): Published {
  return objects.find((one) => one.offers(call)) ?? first(objects);
}

function first(objects: readonly Published[]): Published {
  return objects[0] as Published;
}
