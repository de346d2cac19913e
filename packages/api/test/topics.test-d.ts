import type {
  AnyTopics,
  Client,
  ElpisError,
  Event,
  EventName,
  Location,
  MapAnswers,
  PeerInfo,
  Request,
  RequestName,
} from "@elpis/api";
import { describe, expectTypeOf, test } from "vitest";

interface Config {
  readonly rates: Readonly<Record<string, number>>;
}

interface Topics {
  readonly "price.of": Request<{ readonly sku: string }, number>;
  readonly "stock.list": Request<undefined, readonly string[]>;
  readonly "config.changed": Event<Config>;
  readonly "cache.clear": Event<undefined>;
}

declare const typed: Client<Topics>;
declare const untyped: Client;

describe("names", () => {
  test("are parted into events and requests", () => {
    expectTypeOf<EventName<Topics>>().toEqualTypeOf<"config.changed" | "cache.clear">();
    expectTypeOf<RequestName<Topics>>().toEqualTypeOf<"price.of" | "stock.list">();
  });

  test("are any text without contracts", () => {
    expectTypeOf<EventName<AnyTopics>>().toEqualTypeOf<string>();
    expectTypeOf<RequestName<AnyTopics>>().toEqualTypeOf<string>();
    expectTypeOf<Parameters<typeof untyped.emit>[0]>().toEqualTypeOf<string>();
  });
});

describe("a client with contracts", () => {
  test("types what is sent and what is answered", () => {
    expectTypeOf(typed.request("price.of", { sku: "A1" })).toEqualTypeOf<Promise<number>>();
    expectTypeOf(typed.request("stock.list", undefined)).toEqualTypeOf<
      Promise<readonly string[]>
    >();
    expectTypeOf(typed.map("price.of", { sku: "A1" })).toEqualTypeOf<Promise<MapAnswers<number>>>();
    expectTypeOf(typed.emit("config.changed", { rates: { eur: 1 } })).toEqualTypeOf<
      Promise<void>
    >();
    expectTypeOf(typed.consume("cache.clear", undefined)).toEqualTypeOf<Promise<void>>();
  });

  test("types what listeners and handlers are given", () => {
    typed.on("config.changed", (config, context) => {
      expectTypeOf(config).toEqualTypeOf<Config>();
      expectTypeOf(context.from).toEqualTypeOf<Location>();
    });
    typed.handle("price.of", ({ sku }, context) => {
      expectTypeOf(sku).toEqualTypeOf<string>();
      expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>();
      return 42;
    });
    typed.handle("price.of", async () => 42);
  });

  test("refuses another payload", () => {
    // @ts-expect-error a number is no sku
    typed.request("price.of", { sku: 1 });
    // @ts-expect-error the sku is missing
    typed.request("price.of", {});
    // @ts-expect-error there is a payload
    typed.request("price.of");
    // @ts-expect-error unknown part
    typed.map("price.of", { sku: "A1", colour: "red" });
    // @ts-expect-error another event's payload
    typed.emit("config.changed", undefined);
    // @ts-expect-error this event carries nothing
    typed.consume("cache.clear", { all: true });
  });

  test("refuses another topic", () => {
    // @ts-expect-error typing error
    typed.request("price.off", { sku: "A1" });
    // @ts-expect-error an event is not asked
    typed.request("config.changed", { rates: {} });
    // @ts-expect-error a request is not told
    typed.emit("price.of", { sku: "A1" });
    // @ts-expect-error a request is not listened to
    typed.on("price.of", () => {});
    // @ts-expect-error an event is not handled
    typed.handle("config.changed", () => {});
    // @ts-expect-error a request is not consumed
    typed.consume("price.of", { sku: "A1" });
  });

  test("refuses another result", () => {
    // @ts-expect-error the answer is a number
    typed.handle("price.of", () => "42");
    // @ts-expect-error also when it comes later
    typed.handle("price.of", async () => "42");
    // @ts-expect-error there has to be one
    typed.handle("price.of", () => {});
    // @ts-expect-error the caller gets a number
    const text: Promise<string> = typed.request("price.of", { sku: "A1" });
    expectTypeOf(text).toEqualTypeOf<Promise<string>>();
  });

  test("refuses selectors and options that there are not", () => {
    // @ts-expect-error no such part
    typed.emit("cache.clear", undefined, { to: { epoch: 1 } });
    // @ts-expect-error no such role
    typed.request("price.of", { sku: "A1" }, { to: { role: "boss" } });
    // @ts-expect-error units are in the name
    typed.request("price.of", { sku: "A1" }, { timeout: 5 });
    // @ts-expect-error an event does not wait
    typed.emit("cache.clear", undefined, { timeoutMs: 5 });
  });
});

describe("a client without contracts", () => {
  test("takes and gives anything", () => {
    untyped.request("anything", { any: ["thing", 1n] });
    untyped.emit("anything", undefined, { to: { name: "web" } });
    untyped.consume("anything", new Uint8Array(1));
    untyped.handle("anything", ({ whatever }) => whatever);
    untyped.on("anything", (value) => value.whatever);
    expectTypeOf(untyped.request("anything", 1)).resolves.toBeAny();
    expectTypeOf(untyped.map("anything", 1)).resolves.toEqualTypeOf<
      Awaited<ReturnType<typeof untyped.map>>
    >();
  });

  test("still wants topics to be text", () => {
    // @ts-expect-error a topic is a text
    untyped.request(1, 1);
  });
});

describe("answers of a map", () => {
  test("are a value or an error", async () => {
    const answers = await typed.map("price.of", { sku: "A1" });
    expectTypeOf(answers.partial).toEqualTypeOf<boolean>();
    for (const answer of answers) {
      expectTypeOf(answer.from).toEqualTypeOf<Location>();
      if (answer.ok) expectTypeOf(answer.value).toEqualTypeOf<number>();
      else expectTypeOf(answer.error).toEqualTypeOf<ElpisError>();
      // @ts-expect-error only what answered has a value
      answer.value;
    }
  });
});

test("peers are known with their state", () => {
  expectTypeOf(typed.peers({ role: "worker" })).toEqualTypeOf<Promise<PeerInfo[]>>();
});
