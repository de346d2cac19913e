import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isAlive, processStartTime } from "../src/local/process-identity.ts";

describe.runIf(process.platform === "linux")(
  "a process that has ended and was not asked for",
  () => {
    it("is not alive, though its number answers to a signal", async () => {
      // A shell that has become another program: nobody asks how its child ended.
      const parent = spawn("sh", ["-c", "sleep 0.3 & echo $!; exec sleep 30"]);
      try {
        const [line] = (await once(parent.stdout, "data")) as [Buffer];
        const pid = Number(line.toString());
        const startTime = processStartTime(pid);
        const stateOf = (): string =>
          readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1] ?? "";
        await expect.poll(stateOf).toMatch(/^Z/);
        expect(process.kill(pid, 0)).toBe(true);
        expect(isAlive(pid, startTime)).toBe(false);
        expect(isAlive(parent.pid as number, undefined)).toBe(true);
      } finally {
        parent.kill("SIGKILL");
      }
    });
  },
);
