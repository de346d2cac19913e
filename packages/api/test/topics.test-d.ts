import type {
  AnyTopics,
  Client,
  Delivery,
  ElpisError,
  Event,
  EventName,
  Job,
  JobName,
  JobReceipt,
  Location,
  MapAnswers,
  PeerInfo,
  Remote,
  Request,
  RequestName,
  Stream,
  StreamCall,
  StreamName,
} from "@elpis/api";
import { describe, expectTypeOf, test } from "vitest";

interface Config {
  readonly rates: Readonly<Record<string, number>>;
}

interface Stock {
  count(sku: string): number;
  add(sku: string, count: number): Promise<number>;
  readonly total: number;
}

interface Topics {
  readonly "price.watch": Stream<{ readonly sku: string }, number>;
  readonly chat: Stream<string, { readonly from: string }, { readonly text: string }>;
  readonly "mail.send": Job<{ readonly to: string }>;
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
    // @ts-expect-error units are in the name
    typed.emit("cache.clear", undefined, { timeout: 5 });
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

describe("streams, jobs and objects", () => {
  test("are names of their own", () => {
    expectTypeOf<StreamName<Topics>>().toEqualTypeOf<"price.watch" | "chat">();
    expectTypeOf<JobName<Topics>>().toEqualTypeOf<"mail.send">();
    // @ts-expect-error a stream is opened, not asked
    typed.request("price.watch", { sku: "A1" });
    // @ts-expect-error a job is queued, not told
    typed.emit("mail.send", { to: "a" });
    // @ts-expect-error an event is no stream
    typed.stream("cache.clear", undefined);
    // @ts-expect-error a request is no job
    typed.enqueue("price.of", { sku: "A1" });
  });

  test("a stream is typed in both directions", () => {
    const prices = typed.stream("price.watch", { sku: "A1" }, { window: 8 });
    expectTypeOf(prices).toEqualTypeOf<StreamCall<number, never>>();
    // @ts-expect-error nothing is sent on this one
    prices.send(1);
    const chat = typed.stream("chat", "room");
    expectTypeOf(chat.send).parameter(0).toEqualTypeOf<{ readonly text: string }>();
    typed.serve("chat", async function* (room, { incoming }) {
      expectTypeOf(room).toEqualTypeOf<string>();
      for await (const { text } of incoming) yield { from: text };
    });
    // @ts-expect-error the items are numbers
    typed.serve("price.watch", () => ["one"]);
    // @ts-expect-error a stream has no second try
    typed.stream("chat", "room", { idempotent: true });
  });

  test("a job is typed for whoever queues it and whoever does it", () => {
    expectTypeOf(typed.enqueue("mail.send", { to: "a" }, { delayMs: 5 })).toEqualTypeOf<
      Promise<JobReceipt>
    >();
    typed.work("mail.send", (job, { attempt, id }) => {
      expectTypeOf(job).toEqualTypeOf<{ readonly to: string }>();
      expectTypeOf([attempt, id]).toEqualTypeOf<(string | number)[]>();
    });
    // @ts-expect-error to whom?
    typed.enqueue("mail.send", {});
    // @ts-expect-error there is no such level
    typed.enqueue("mail.send", { to: "a" }, { level: "certain" });
  });

  test("an object of another process has its methods, all of them asynchronous", () => {
    const stock = typed.proxy<Stock>("stock");
    expectTypeOf(stock).toEqualTypeOf<Remote<Stock>>();
    expectTypeOf(stock.count("tea")).toEqualTypeOf<Promise<number>>();
    expectTypeOf(stock.add("tea", 1)).toEqualTypeOf<Promise<number>>();
    expectTypeOf(stock.$get("total")).toEqualTypeOf<Promise<number>>();
    // @ts-expect-error a property is no method
    stock.total();
    // @ts-expect-error the count is missing
    stock.add("tea");
    // @ts-expect-error there is no such method
    typed.publish<Stock>("stock", {} as Stock, { methods: ["remove"] });
  });
});

describe("what becomes of an event", () => {
  test("is given to whoever asks for it", () => {
    expectTypeOf(typed.emit("cache.clear", undefined, { report: true })).toEqualTypeOf<
      Promise<Delivery>
    >();
    expectTypeOf(typed.emit("cache.clear", undefined, { absent: "wait" })).toEqualTypeOf<
      Promise<void>
    >();
    // @ts-expect-error there is no such answer to nobody listening
    typed.emit("cache.clear", undefined, { absent: "ignore" });
  });
});

describe("how one of several is chosen", () => {
  test("is one of the ways that there are", () => {
    typed.request("price.of", { sku: "A1" }, { balance: { hash: "A1" }, idempotent: true });
    typed.request("price.of", { sku: "A1" }, { balance: "weighted", absent: "wait" });
    typed.handle("price.of", () => 1, { weight: 3 });
    typed.on("cache.clear", () => {}, { overflow: "drop-old" });
    // @ts-expect-error there is no such way
    typed.request("price.of", { sku: "A1" }, { balance: "fair" });
    // @ts-expect-error a key is a text or a number
    typed.request("price.of", { sku: "A1" }, { balance: { hash: {} } });
    // @ts-expect-error there is no such rule
    typed.on("cache.clear", () => {}, { overflow: "lose" });
  });
});
