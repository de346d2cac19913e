import { describe, expect, it } from "vitest";
import { readListenArguments } from "../src/worker/listen-arguments.ts";

const NOTHING = {
  host: undefined,
  backlog: undefined,
  ipv6Only: false,
  signal: undefined,
  callback: undefined,
};
const callback = (): void => {};

describe("the arguments of listen", () => {
  it.each<[unknown[], object]>([
    [[], { port: 0 }],
    [[callback], { port: 0, callback }],
    [[undefined], { port: 0 }],
    [[null, callback], { port: 0, callback }],
    [[80], { port: 80 }],
    [["80"], { port: 80 }],
    [[80, callback], { port: 80, callback }],
    [[80, "::1"], { port: 80, host: "::1" }],
    [[80, "localhost", 5, callback], { port: 80, host: "localhost", backlog: 5, callback }],
    [[80, 5], { port: 80, backlog: 5 }],
    [[80, undefined, 5], { port: 80, backlog: 5 }],
    [[80, null, callback], { port: 80, callback }],
    [[{ port: 80 }], { port: 80 }],
    [
      [{ port: 80, host: "::", ipv6Only: true, backlog: 3 }, callback],
      { port: 80, host: "::", ipv6Only: true, backlog: 3, callback },
    ],
    [[{ port: null }], { port: 0 }],
    [[{ port: undefined, host: "::1" }], { port: 0, host: "::1" }],
    [[{ port: 1, exclusive: false, fd: -1 }], { port: 1 }],
  ])("%j", (args, expected) => {
    expect(readListenArguments(args)).toEqual({ ...NOTHING, ...expected });
  });

  it("keeps a signal", () => {
    const { signal } = new AbortController();
    expect(readListenArguments([{ port: 1, signal }])).toMatchObject({ signal });
  });

  it.each<[unknown[]]>([
    [["/tmp/socket"]],
    [[{ path: "/tmp/socket" }]],
    [[{ fd: 3 }]],
    [[{ port: 80, exclusive: true }]],
    [[{ port: 80, reusePort: true }]],
    [[{ handle: {} }]],
    [[{ _handle: {} }]],
    [[{}]],
    [[{ port: 65_536 }]],
    [[-1]],
    [["x"]],
    [[true]],
    [[80.5]],
    [[{ port: 80, host: 5 }]],
    [[{ port: 80, signal: "x" }]],
  ])("%j is left to Node", (args) => {
    expect(readListenArguments(args)).toBeUndefined();
  });
});
