import { Flag, flagsOf, Kind, kindOf, sizeOf } from "@elpis/protocol";
import { beforeEach, describe, expect, test } from "vitest";
import type { Hub } from "../src/index.ts";
import { joinHub, settled, startHub } from "./support/hub-kit.ts";
import { joinPlain, tapHub } from "./support/tap.ts";

let hub: Hub;
beforeEach(async () => {
  hub = await startHub();
});

const order = (n: number): unknown => ({
  id: n,
  customer: { name: `n${n}`, city: "Graz" },
  lines: [{ sku: "tea", count: n }],
});

describe("records", () => {
  test("carry requests and answers of peers that read them", async () => {
    const { client: caller, frames } = await tapHub(hub, "caller");
    const callee = await joinHub(hub, "callee");
    callee.handle("echo", (value) => value);
    await settled(callee);
    for (let n = 0; n < 20; n++) expect(await caller.request("echo", order(n))).toEqual(order(n));
    const withRecords = frames().filter(
      ({ bytes, at }) => (flagsOf(bytes, at) & Flag.records) !== 0,
    );
    expect(withRecords.map(({ way }) => way)).toContain("to hub");
    expect(withRecords.map(({ way }) => way)).toContain("from hub");
    const size = (n: number): number => {
      const asked = frames().filter(
        ({ way, bytes, at }) => way === "to hub" && kindOf(bytes, at) === Kind.request,
      );
      const frame = asked.at(n);
      return frame === undefined ? 0 : sizeOf(frame.bytes, frame.at);
    };
    // Names are not sent again and again.
    expect(size(-1)).toBeLessThan(size(0) - 20);
  });

  test("are left out for a peer that does not read them, and nobody notices", async () => {
    const caller = await joinHub(hub, "caller");
    const plain = await joinPlain(hub, "plain");
    plain.echo("echo");
    await plain.settled();
    for (let n = 0; n < 10; n++) expect(await caller.request("echo", order(n))).toEqual(order(n));
    expect(plain.flagsSeen.every((flags) => (flags & Flag.records) === 0)).toBe(true);
    const answers = await caller.map("echo", order(11));
    expect([...answers]).toMatchObject([{ ok: true, value: order(11) }]);
  });

  test("are told to a peer that comes later", async () => {
    const caller = await joinHub(hub, "caller");
    for (const name of ["first", "second"]) {
      const callee = await joinHub(hub, name);
      callee.handle("echo", (value) => value);
      await settled(callee);
      for (let n = 0; n < 4; n++) {
        const answer = await caller.request("echo", order(n), { to: { name } });
        expect(answer).toEqual(order(n));
      }
      await callee.close();
    }
  });
});

test("events to one peer have records once it is known to read them", async () => {
  const { client: sender, frames } = await tapHub(hub, "sender");
  const receiver = await joinHub(hub, "receiver");
  const heard: unknown[] = [];
  receiver.on("news", (value) => heard.push(value));
  await settled(receiver);
  for (let n = 0; n < 10; n++) {
    await sender.emit("news", order(n), { to: { id: receiver.location.id } });
    // A round trip, so that the hub's word on the receiver has come.
    await settled(sender);
  }
  await settled(receiver);
  expect(heard).toEqual(Array.from({ length: 10 }, (_, n) => order(n)));
  const flags = frames()
    .filter(({ way, bytes, at }) => way === "to hub" && kindOf(bytes, at) === Kind.event)
    .map(({ bytes, at }) => flagsOf(bytes, at) & Flag.records);
  expect(flags[0]).toBe(0);
  expect(flags.at(-1)).toBe(Flag.records);
});

test("events to many have none, so that everybody can read them", async () => {
  const { client: sender, frames } = await tapHub(hub, "sender");
  const receiver = await joinHub(hub, "receiver");
  const heard: unknown[] = [];
  receiver.on("news", (value) => heard.push(value));
  await settled(receiver);
  for (let n = 0; n < 5; n++) await sender.emit("news", order(n));
  await settled(sender);
  await settled(receiver);
  expect(heard).toHaveLength(5);
  const events = frames().filter(({ bytes, at }) => kindOf(bytes, at) === Kind.event);
  expect(events.every(({ bytes, at }) => (flagsOf(bytes, at) & Flag.records) === 0)).toBe(true);
});
