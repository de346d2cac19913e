import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { connect } from "@elpis/core";
import { type ControlTopics, PROCESS_TOPIC, type ProcessChange } from "@elpis/process";
import { describe, expect, it, onTestFinished } from "vitest";
import { deployed, pidsOf, web } from "./deployed.ts";
import { waitFor } from "./support.ts";

describe("what the hub is asked", () => {
  it("is answered by the master, and written down with who asked", async () => {
    const app = await deployed((port) =>
      web(port, "one", { env: { PORT: String(port), API_TOKEN: "hush" } }),
    );
    const { path, secret } = app.master.hub;
    const client = await connect<ControlTopics>({ path, secret, location: { name: "tool" } });
    onTestFinished(() => client.close());
    const changes: ProcessChange[] = [];
    client.on(PROCESS_TOPIC, (change) => void changes.push(change));
    const to = { to: { role: "master" }, timeoutMs: 30_000 } as const;
    expect((await client.request("elpis.reload", { by: "me" }, to)).replaced).toHaveLength(2);
    await waitFor("the changes", () => changes.length >= 4);
    expect(await client.request("elpis.scale", { scale: { web: "+1" } }, to)).toEqual({
      scale: { web: { from: 2, to: 3 } },
    });
    const hidden = (code: string): object => ({ details: { remote: { code } } });
    await expect(client.request("elpis.rollback", {}, to)).rejects.toMatchObject(
      hidden("ELPIS_PROCESS_NO_VERSION"),
    );
    const shown = await client.request("elpis.show", { process: "web.1" }, to);
    expect(shown).toMatchObject({
      app: "test",
      status: { index: 1 },
      env: { API_TOKEN: "(hidden)" },
    });
    await expect(client.request("elpis.show", { process: "web.7" }, to)).rejects.toMatchObject(
      hidden("ELPIS_PROCESS_UNKNOWN"),
    );
    const signal = (name: string): Promise<unknown> =>
      client.request("elpis.signal", { processes: ["web"], signal: name }, to);
    expect(await signal("SIGCONT")).toEqual({ pids: pidsOf(app) });
    await expect(signal("SIGNONE")).rejects.toMatchObject(hidden("ELPIS_PROCESS_SIGNAL"));
    const trail = readFileSync(join(app.runtime, "audit.log"), "utf8").trim().split("\n");
    const entries = trail.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(entries.map(({ operation, outcome }) => [operation, outcome])).toEqual([
      ["reload", "done"],
      ["scale", "done"],
      ["rollback", "failed"],
      ["signal", undefined],
    ]);
    expect(entries[0]?.by).toMatch(/^me \(.*tool.*\)$/);
    expect(statSync(join(app.runtime, "audit.log")).mode & 0o777).toBe(0o600);
  });
});
