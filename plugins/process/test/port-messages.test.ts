import { describe, expect, it } from "vitest";
import { isMasterNote, isOffer, isWorkerNote, PORT_COMMAND } from "../src/ports/port-messages.ts";
import { hasReusePort } from "../src/ports/reuse-port.ts";

const cmd = PORT_COMMAND;
const question = { cmd, what: "listen", seq: 1, address: null, port: 80, ipv6Only: false };
const whole = { ...question, turn: 0, backlog: 0 };

describe("what a worker of an earlier master says that it listens on", () => {
  const offer = { ...whole, what: "offer", mode: "shared", boundPort: 80 };

  it("is known by its form", () => {
    for (const note of [
      offer,
      { ...offer, mode: "handed", port: 0, turn: 2 },
      { cmd, what: "offered" },
    ])
      expect(isOffer(note), JSON.stringify(note)).toBe(true);
  });

  it("is nothing else, and no worker of this master says it", () => {
    for (const junk of [
      null,
      whole,
      { ...offer, mode: "other" },
      { ...offer, boundPort: 65_536 },
      { ...offer, boundPort: undefined },
      { ...offer, port: "80" },
      { ...offer, cmd: "NODE_CLUSTER" },
    ])
      expect(isOffer(junk), JSON.stringify(junk)).toBe(false);
    expect(isWorkerNote(offer)).toBe(false);
  });
});

describe("what a worker says about ports", () => {
  it("is known by its form", () => {
    for (const note of [
      whole,
      { ...whole, address: "::1", backlog: 10 },
      { cmd, what: "release", seq: 1, stays: false },
      { cmd, what: "taken", seq: 1, id: 2 },
      { cmd, what: "refused", seq: 1, id: 2 },
      { cmd, what: "returned", seq: 1, id: 2 },
      { cmd, what: "closed", seq: 1, count: 3 },
    ])
      expect(isWorkerNote(note), JSON.stringify(note)).toBe(true);
  });

  it("is nothing else", () => {
    for (const junk of [
      null,
      "taken",
      {},
      question,
      { ...whole, cmd: "NODE_CLUSTER" },
      { ...whole, port: 65_536 },
      { ...whole, port: "80" },
      { ...whole, seq: -1 },
      { ...whole, address: undefined },
      { cmd, what: "release", seq: 1 },
      { cmd, what: "taken", seq: 1 },
      { cmd, what: "taken", seq: 1, id: 1.5 },
      { cmd, what: "closed", seq: 1, count: -1 },
      { cmd, what: "gone", seq: 1 },
    ])
      expect(isWorkerNote(junk), JSON.stringify(junk)).toBe(false);
  });
});

describe("what the master says about ports", () => {
  it("is told from messages of others", () => {
    expect(isMasterNote({ cmd, what: "connection", seq: 1, id: 1 })).toBe(true);
    expect(isMasterNote({ cmd, what: "listen", seq: 1, errno: 0 })).toBe(true);
    expect(isMasterNote({ what: "listen", seq: 1, errno: 0 })).toBe(false);
    expect(isMasterNote(null)).toBe(false);
  });
});

describe("a port of each instance", () => {
  it("can be had from certain versions on, on some systems", () => {
    expect(hasReusePort("20.20.2", "linux")).toBe(false);
    expect(hasReusePort("22.11.0", "linux")).toBe(false);
    expect(hasReusePort("22.12.0", "linux")).toBe(true);
    expect(hasReusePort("23.0.0", "linux")).toBe(false);
    expect(hasReusePort("23.1.0", "linux")).toBe(true);
    expect(hasReusePort("26.0.0", "linux")).toBe(true);
    expect(hasReusePort("26.0.0", "darwin")).toBe(false);
    expect(hasReusePort("26.0.0", "win32")).toBe(false);
  });
});
