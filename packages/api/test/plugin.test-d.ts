import {
  type Client,
  capability,
  definePlugin,
  object,
  type PluginFactory,
  type PluginHost,
  type PluginUse,
  type StandardSchema,
} from "@elpis/api";
import { describe, expectTypeOf, test } from "vitest";

interface Clock {
  now(): number;
}

const clock = capability<Clock>("clock");
declare const host: PluginHost;

describe("definePlugin", () => {
  test("needs options where one of them has to be given", () => {
    const plugin = definePlugin<{ readonly url: string; readonly retries?: number }>({
      name: "x",
      roles: ["agent"],
      setup: (_, options) => {
        expectTypeOf(options.url).toEqualTypeOf<string>();
        expectTypeOf(options.retries).toEqualTypeOf<number | undefined>();
      },
    });
    expectTypeOf(plugin({ url: "u" })).toEqualTypeOf<PluginUse>();
    // @ts-expect-error url is missing
    plugin();
    // @ts-expect-error url is missing
    plugin({});
    // @ts-expect-error url is a text
    plugin({ url: 1 });
    // @ts-expect-error no such option
    plugin({ url: "u", colour: "red" });
  });

  test("needs none where all may be left out", () => {
    const plugin = definePlugin<{ readonly text?: string }>({
      name: "x",
      roles: ["worker"],
      setup: () => {},
    });
    plugin();
    plugin({});
    plugin({ text: "hi" });
    // @ts-expect-error text is a text
    plugin({ text: 1 });
  });

  test("takes none where there are none", () => {
    const plugin = definePlugin({ name: "x", roles: ["master"], setup: async () => {} });
    expectTypeOf(plugin()).toEqualTypeOf<PluginUse>();
  });

  test("gives a factory that can be written down", () => {
    expectTypeOf<PluginFactory<{ url: string }>>().toEqualTypeOf<
      (options: { url: string }) => PluginUse
    >();
    expectTypeOf<PluginFactory<{ url?: string }>>().toEqualTypeOf<
      (options?: { url?: string }) => PluginUse
    >();
  });

  test("refuses definitions that cannot run", () => {
    // @ts-expect-error setup is missing
    definePlugin({ name: "x", roles: ["master"] });
    // @ts-expect-error no such role
    definePlugin({ name: "x", roles: ["boss"], setup: () => {} });
    definePlugin<{ readonly url: string }>({
      name: "x",
      roles: ["master"],
      // @ts-expect-error the schema is for other options
      options: object<{ port: number }>({ port: "integer" }),
      setup: () => {},
    });
  });
});

describe("what the host gives", () => {
  test("a capability has the type of its token", () => {
    expectTypeOf(host.get(clock)).toEqualTypeOf<Clock>();
    host.provide(clock, { now: () => 1 });
    // @ts-expect-error not a clock
    host.provide(clock, { time: () => 1 });
  });

  test("the client of this process takes any topic", () => {
    expectTypeOf(host.hub).toEqualTypeOf<Client>();
  });
});

describe("object", () => {
  test("wants a kind for every option, and for nothing else", () => {
    const schema = object<{ endpoint: string; stepSeconds?: number }>({
      endpoint: "string",
      stepSeconds: "integer?",
    });
    expectTypeOf(schema).toEqualTypeOf<
      StandardSchema<{ endpoint: string; stepSeconds?: number }>
    >();
    // @ts-expect-error stepSeconds is missing
    object<{ endpoint: string; stepSeconds?: number }>({ endpoint: "string" });
    // @ts-expect-error no such option
    object<{ endpoint: string }>({ endpoint: "string", colour: "string" });
    // @ts-expect-error no such kind
    object<{ endpoint: string }>({ endpoint: "text" });
  });
});
