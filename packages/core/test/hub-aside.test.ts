import { expect, it } from "vitest";
import { joinHub, settled, startHub } from "./support/hub-kit.ts";

it("gives no work to a peer that is set aside, whatever it says of itself, until it is taken back", async () => {
  const hub = await startHub();
  const [a, b, asker] = [
    await joinHub(hub, "a"),
    await joinHub(hub, "b"),
    await joinHub(hub, "asker"),
  ];
  a.handle("who", () => "a");
  b.handle("who", () => "b");
  await settled(a);
  await settled(b);
  const ask = (): Promise<unknown> => asker.request("who", {});
  const few = async (): Promise<Set<unknown>> =>
    new Set(await Promise.all(Array.from({ length: 10 }, ask)));
  expect(await few()).toEqual(new Set(["a", "b"]));
  hub.setAside(a.location.id, true);
  expect(await few()).toEqual(new Set(["b"]));
  // By its number it can still be asked.
  expect(await asker.request("who", {}, { to: { id: a.location.id } })).toBe("a");
  a.setReady(false);
  a.setReady(true);
  await settled(a);
  expect(await few()).toEqual(new Set(["b"]));
  const [seen] = await asker.peers({ name: "a" });
  expect(seen?.ready).toBe(false);
  hub.setAside(a.location.id, false);
  expect(await few()).toEqual(new Set(["a", "b"]));
  // Nobody has that number: nothing happens.
  hub.setAside(1_000_000, true);
});
