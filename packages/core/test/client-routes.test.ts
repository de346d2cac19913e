import type { Selector } from "@elpis/api";
import {
  BodyCodec,
  bodyEnd,
  bodyStart,
  Kind,
  kindOf,
  MAX_ROUTES,
  MAX_TOPIC_BYTES,
  type RouteBody,
  readRoute,
  topicOf,
} from "@elpis/protocol";
import { describe, expect, test } from "vitest";
import { Routes, soleId } from "../src/client/routes.ts";
import { Random } from "./support/random.ts";

/** What the hub would know: the meaning of each number, and how often it was told. */
function routesAndHub(): { routes: Routes; meanings: Map<number, RouteBody>; told: () => number } {
  const codec = new BodyCodec();
  const meanings = new Map<number, RouteBody>();
  let told = 0;
  const routes = new Routes(codec, (frame) => {
    expect(kindOf(frame, 0)).toBe(Kind.route);
    const body = codec.unpack(Buffer.from(frame), bodyStart(frame, 0), bodyEnd(frame, 0));
    meanings.set(topicOf(frame, 0), readRoute(body));
    told++;
  });
  return { routes, meanings, told: () => told };
}

const BAD_ARGUMENT = expect.objectContaining({ code: "ELPIS_HUB_BAD_ARGUMENT" });

describe("Routes", () => {
  test("tells the hub once what a number means", () => {
    const { routes, meanings, told } = routesAndHub();
    const plain = routes.number("a", undefined);
    const web = routes.number("a", { name: "web" });
    expect(routes.number("a", undefined)).toBe(plain);
    expect(routes.number("a", { name: "web" })).toBe(web);
    const other = routes.number("b", undefined);
    expect(new Set([plain, web, other]).size).toBe(3);
    expect(told()).toBe(3);
    expect(meanings.get(plain)).toEqual({ topic: "a" });
    expect(meanings.get(web)).toEqual({ topic: "a", to: { name: "web" } });
    expect(meanings.get(other)).toEqual({ topic: "b" });
  });

  test("a part that is undefined is not sent: it means the same as one that is left out", () => {
    const { routes, meanings } = routesAndHub();
    const gaps = { name: undefined, index: 0 } as unknown as Selector;
    expect(meanings.get(routes.number("a", gaps))).toEqual({ topic: "a", to: { index: 0 } });
  });

  test("seeded: a number means what was asked for, also when there are more than numbers", () => {
    const { routes, meanings } = routesAndHub();
    const random = new Random(11);
    for (let step = 0; step < 4 * MAX_ROUTES; step++) {
      const topic = `t${random.int(3000)}`;
      const to = random.int(2) === 0 ? undefined : { index: random.int(3) };
      const number = routes.number(topic, to);
      expect(number).toBeLessThan(MAX_ROUTES);
      expect(meanings.get(number)).toEqual(to === undefined ? { topic } : { topic, to });
    }
    expect(meanings.size).toBe(MAX_ROUTES);
  });

  test("refuses topics and selectors that the hub would refuse, and keeps its numbers", () => {
    const { routes, told } = routesAndHub();
    for (const topic of ["", "x".repeat(MAX_TOPIC_BYTES + 1), 7 as unknown as string]) {
      expect(() => routes.number(topic, undefined)).toThrow(BAD_ARGUMENT);
    }
    for (const to of [{ colour: 1 }, { name: 1 }, { index: "1" }, { epoch: 1 }]) {
      expect(() => routes.number("a", to as Selector)).toThrow(BAD_ARGUMENT);
    }
    expect(told()).toBe(0);
    expect(routes.number("a", { name: "web" })).toBe(0);
  });
});

describe("soleId", () => {
  test("is the number of a peer that is named by nothing else", () => {
    expect(soleId({ id: 7 })).toBe(7);
    expect(soleId({ id: 7, name: undefined } as unknown as Selector)).toBe(7);
    expect(soleId(undefined)).toBe(0);
    expect(soleId({ name: "web" })).toBe(0);
    for (const more of [{ app: "a" }, { role: "peer" }, { name: "a" }, { index: 0 }, { pid: 0 }]) {
      expect(soleId({ id: 7, ...more } as Selector)).toBe(0);
    }
  });
});
