import {
  BodyCodec,
  bodyEnd,
  bodyStart,
  correlationOf,
  flagsOf,
  Kind,
  kindOf,
} from "@elpis/protocol";
import { describe, expect, test } from "vitest";
import { Handler } from "../src/client/handler.ts";
import { Registry } from "../src/client/registry.ts";
import type { Session } from "../src/client/session.ts";

/** What the hub would be told, as `+topic flags weight` or `-topic flags`. */
function hubEnd(): { session: Session; told: string[] } {
  const codec = new BodyCodec();
  const told: string[] = [];
  const send = (frame: Buffer): void => {
    const topic = codec.unpack(Buffer.from(frame), bodyStart(frame, 0), bodyEnd(frame, 0));
    const isListen = kindOf(frame, 0) === Kind.listen;
    const weight = isListen ? ` ${correlationOf(frame, 0)}` : "";
    told.push(`${isListen ? "+" : "-"}${topic} ${flagsOf(frame, 0)}${weight}`);
  };
  return { session: { codec, send } as unknown as Session, told };
}

const handler = (weight = 1): Handler => new Handler(() => 1, { weight });
const turn = (): Promise<void> => new Promise((done) => setImmediate(done));

describe("Registry", () => {
  test("what ends and begins in one turn was never away", async () => {
    const registry = new Registry();
    const { session, told } = hubEnd();
    registry.attach(session);
    let off = registry.handle("a", handler());
    const offOn = registry.on("a", () => {});
    registry.named(5, "a");
    expect(told.splice(0)).toEqual(["+a 1 1", "+a 0 0"]);
    off();
    offOn();
    registry.on("a", () => {});
    off = registry.handle("a", handler());
    await turn();
    expect([told.splice(0), registry.find(5)?.topic]).toEqual([[], "a"]);
    off();
    off();
    expect(told).toEqual([]);
    await turn();
    expect([told, registry.find(5)?.topic]).toEqual([["-a 1"], "a"]);
  });

  test("a change of weight or of what becomes of too much is told", async () => {
    const registry = new Registry();
    const { session, told } = hubEnd();
    registry.attach(session);
    const off = registry.handle("a", handler(2));
    off();
    registry.handle("a", handler(3));
    registry.on("b", () => {});
    registry.on("b", () => {}, { overflow: "drop-old" });
    const offStrict = registry.on("b", () => {}, { overflow: "disconnect" });
    registry.on("b", () => {});
    offStrict();
    await turn();
    expect(told).toEqual(["+a 1 2", "+a 1 3", "+b 0 0", "+b 2 0", "+b 4 0", "+b 2 0"]);
  });

  test("tells each connection all that there is, and numbers end with it", () => {
    const registry = new Registry();
    registry.handle("a", handler());
    registry.on("b", () => {}, { overflow: "drop-old" });
    const off = registry.on("c", () => {});
    const first = hubEnd();
    registry.attach(first.session);
    expect(first.told).toEqual(["+a 1 1", "+b 2 0", "+c 0 0"]);
    registry.named(1, "a");
    registry.detach();
    expect(registry.find(1)).toBeUndefined();
    off();
    const second = hubEnd();
    registry.attach(second.session);
    expect(second.told).toEqual(["+a 1 1", "+b 2 0"]);
    expect(first.told).toHaveLength(3);
  });

  test("the hub's numbers may be given anew, and for topics that nobody wants", () => {
    const registry = new Registry();
    registry.attach(hubEnd().session);
    registry.handle("a", handler());
    registry.named(1, "a");
    registry.named(9, "a");
    registry.named(3, "nothing");
    expect([registry.find(1), registry.find(9)?.topic, registry.find(3)]).toEqual([
      undefined,
      "a",
      undefined,
    ]);
  });
});
