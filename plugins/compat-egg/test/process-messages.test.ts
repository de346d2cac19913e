import { expect, it, vi } from "vitest";
import type { EggMessenger } from "../src/index.ts";
import { takeProcessMessages } from "../src/process-messages.ts";

/** Notes what is asked of it. */
function recorded(): { messenger: EggMessenger; calls: unknown[][] } {
  const calls: unknown[][] = [];
  const note =
    (verb: string) =>
    async (...rest: unknown[]): Promise<void> => {
      calls.push([verb, ...rest]);
      throw new Error("it fails as well");
    };
  const messenger = { send: note("send"), sendTo: note("sendTo") } as Partial<EggMessenger>;
  return { messenger: messenger as EggMessenger, calls };
}

it("takes what the master of Egg would hand on, and leaves the rest", () => {
  const { messenger, calls } = recorded();
  const send = vi.fn(() => true);
  const parent = { send } as { send: (message: unknown) => boolean };
  const off = takeProcessMessages(messenger, parent);
  parent.send({ action: "a", data: 1, to: "app" });
  parent.send({ action: "b", to: "agent" });
  parent.send({ action: "c", data: 2 });
  parent.send({ action: "d", data: 3, receiverPid: "77" });
  parent.send({ action: "reload-worker", to: "master" });
  expect(calls).toEqual([
    ["send", "a", 1, "app"],
    ["send", "b", undefined, "agent"],
    ["send", "c", 2, undefined],
    ["sendTo", "77", "d", 3],
    ["send", "reload-worker", undefined, "master"],
  ]);
  const rest = [
    "ready",
    undefined,
    null,
    7,
    { action: 7 },
    { action: "realport", to: "master" },
    { action: "x", to: "parent" },
  ];
  for (const message of rest) parent.send(message);
  expect(send.mock.calls).toEqual(rest.map((message) => [message]));
  off();
  expect(parent.send).toBe(send);
});
