import { describe, expect, test } from "vitest";
import {
  notifyRequest,
  readyMessage,
  reloadingMessage,
  statusLine,
  statusText,
} from "../src/notify/messages.ts";
import { status, worker } from "./statuses.ts";

const own = { pid: 100, ppid: 50 };

describe("what the service manager wants", () => {
  test.each([
    [{}, undefined],
    [{ NOTIFY_SOCKET: "" }, undefined],
    [{ NOTIFY_SOCKET: "relative" }, undefined],
    [{ NOTIFY_SOCKET: "/run/n" }, { socket: "/run/n" }],
    [{ NOTIFY_SOCKET: "@n" }, { socket: "@n" }],
    [
      { NOTIFY_SOCKET: "/n", WATCHDOG_USEC: "30000000" },
      { socket: "/n", watchdogMs: 30_000 },
    ],
    [
      { NOTIFY_SOCKET: "/n", WATCHDOG_USEC: "1000000", WATCHDOG_PID: "100" },
      { socket: "/n", watchdogMs: 1000 },
    ],
    [
      { NOTIFY_SOCKET: "/n", WATCHDOG_USEC: "1000000", WATCHDOG_PID: "50" },
      { socket: "/n", watchdogMs: 1000 },
    ],
    [{ NOTIFY_SOCKET: "/n", WATCHDOG_USEC: "1000000", WATCHDOG_PID: "7" }, { socket: "/n" }],
    [{ NOTIFY_SOCKET: "/n", WATCHDOG_USEC: "junk" }, { socket: "/n" }],
    [{ NOTIFY_SOCKET: "/n", WATCHDOG_USEC: "0" }, { socket: "/n" }],
  ])("%j", (env, wanted) => {
    expect(notifyRequest(env, own)).toEqual(wanted);
  });
});

test("the status counts who does its work, and says what is under way", () => {
  const one = status(worker("web"), worker("web", 1, { silent: true }), worker("jobs"));
  expect(statusText(one)).toBe("running: web 1/2, jobs 1/1");
  const operation = { name: "reload", processes: [], by: "ann@pts/1", since: 0 } as const;
  expect(statusText({ ...one, operation })).toBe(
    "running: web 1/2, jobs 1/1 (reload by ann@pts/1)",
  );
  expect(statusText(status())).toBe("running: no processes");
});

test("messages are fields of one line each", () => {
  expect(readyMessage(7, "a")).toEqual(["READY=1", "MAINPID=7", "STATUS=a"]);
  expect(reloadingMessage(12n, "a")).toEqual(["RELOADING=1", "MONOTONIC_USEC=12", "STATUS=a"]);
  expect(statusLine("a\tb\nREADY=1")).toBe("STATUS=a b READY=1");
});
