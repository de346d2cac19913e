import { EventEmitter } from "node:events";
import type { Client, Logger } from "@elpis/api";
import { startTestHub, waitFor } from "@elpis/testing";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { interceptSend } from "../src/intercept-send.ts";
import { takeProcessMessages } from "../src/process-messages.ts";

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => SILENT };

/** A worker with a parent process, on a hub whose own peer plays the master. */
async function worker(): Promise<{
  master: Client;
  parent: EventEmitter & { send: (message: unknown, ...rest: unknown[]) => boolean };
  sent: ReturnType<typeof vi.fn>;
  warn: ReturnType<typeof vi.fn>;
}> {
  const test = await startTestHub();
  onTestFinished(() => test.close());
  const hub = await test.join({ name: "web" });
  const sent = vi.fn(() => true);
  const warn = vi.fn();
  const parent = Object.assign(new EventEmitter(), { send: sent });
  onTestFinished(takeProcessMessages({ hub, log: { ...SILENT, warn } }, parent));
  return { master: test.hub.client, parent, sent, warn };
}

describe("messages to the master of think-cluster", () => {
  it("think-graceful-disconnect asks for a replacement, and says when it is there", async () => {
    const { master, parent, sent } = await worker();
    const asked = vi.fn();
    master.handle("elpis.trouble", (input, { from }) => {
      asked(input, from.name);
      return { replaced: true };
    });
    const heard = vi.fn();
    parent.on("message", heard);
    expect(parent.send("think-graceful-disconnect")).toBe(true);
    await waitFor(() => heard.mock.calls.length > 0, { what: "the answer" });
    expect(asked).toHaveBeenCalledExactlyOnceWith(
      { message: "it sent think-graceful-disconnect" },
      "web",
    );
    expect(heard.mock.calls[0]?.[0]).toBe("think-graceful-fork");
    expect(sent).not.toHaveBeenCalled();
  });

  it("a process that was not replaced hears nothing, and the log says so", async () => {
    const { master, parent, warn } = await worker();
    master.handle("elpis.trouble", () => ({ replaced: false }));
    const heard = vi.fn();
    parent.on("message", heard);
    parent.send("think-graceful-disconnect");
    await waitFor(() => warn.mock.calls.length > 0, { what: "the warning" });
    expect(heard).not.toHaveBeenCalled();
  });

  it("think-cluster-reload-workers asks for a reload of all", async () => {
    const { master, parent } = await worker();
    const asked = vi.fn();
    master.handle("elpis.reload", (input) => {
      asked(input);
      return {};
    });
    const callback = vi.fn();
    parent.send("think-cluster-reload-workers", callback);
    await waitFor(() => asked.mock.calls.length > 0, { what: "the reload" });
    expect(asked).toHaveBeenCalledExactlyOnceWith({});
    await waitFor(() => callback.mock.calls.length > 0, { what: "the callback" });
    expect(callback).toHaveBeenCalledExactlyOnceWith(null);
  });

  it.each(["think-graceful-disconnect", "think-cluster-reload-workers"])(
    "%s that nobody answers is in the log",
    async (message) => {
      const { parent, warn } = await worker();
      parent.send(message);
      await waitFor(() => warn.mock.calls.length > 0, { what: "the warning" });
    },
  );

  it("lets everything else through, with all that belongs to it", async () => {
    const { parent, sent } = await worker();
    const rest = ["handle", {}, () => {}];
    parent.send("ready");
    parent.send({ act: "other" }, ...rest);
    expect(sent.mock.calls).toEqual([["ready"], [{ act: "other" }, ...rest]]);
  });
});

describe("interceptSend", () => {
  it("puts back what was there, and does nothing behind another one", () => {
    const send = vi.fn(() => true);
    const sending = { send } as { send: (message: unknown) => boolean };
    const take = vi.fn(() => true);
    interceptSend(sending, take)();
    expect(sending.send).toBe(send);
    const off = interceptSend(sending, take);
    const inner = sending.send;
    const outer = (message: unknown): boolean => inner(message);
    sending.send = outer;
    off();
    expect(sending.send).toBe(outer);
    sending.send("x");
    expect(take).not.toHaveBeenCalled();
    expect(send).toHaveBeenCalledExactlyOnceWith("x");
  });

  it("does nothing without a parent", () => {
    const sending = {};
    interceptSend(sending, () => true)();
    expect(sending).toEqual({});
  });
});
