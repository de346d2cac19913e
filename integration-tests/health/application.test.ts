import { createServer, type Server } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { adminApp } from "../admin/support.ts";
import { waitFor } from "../process/support.ts";
import { freePort } from "../support/port.ts";

/** What everything depends on. */
async function dependency() {
  const port = await freePort();
  let server: Server | undefined;
  const stop = async (): Promise<void> => {
    await new Promise((resolve) => (server === undefined ? resolve(0) : server.close(resolve)));
    server = undefined;
  };
  const start = async (): Promise<void> => {
    server = createServer((socket) => socket.end());
    await new Promise<void>((resolve) => server?.listen(port, "127.0.0.1", resolve));
  };
  onTestFinished(stop);
  await start();
  return { port, start, stop };
}

interface Report {
  readonly status: string;
  readonly reasons: readonly string[];
  readonly absent: readonly string[];
  readonly indicators: readonly { readonly name: string; readonly processes: readonly object[] }[];
}

it("takes workers out of rotation and back, and ends none of them", async () => {
  const db = await dependency();
  const app = await adminApp(
    `admin(), health({ readiness: true, indicators: { db: { tcp: ${db.port}, interval: "200ms", processes: ["web"] } } })`,
  );
  const pids = () => app.master.status().processes.map(({ pid, restarts }) => [pid, restarts]);
  const before = pids();
  const ready = async () =>
    (await app.master.hub.client.peers({ name: "web" })).map((peer) => peer.ready);
  const probe = async (name: string) => (await app.get(`/health/${name}`)).status;
  await waitFor("it to be well", async () => (await probe("ready")) === 200);
  for (const _ of [1, 2]) {
    await db.stop();
    await waitFor("both to take no work", async () => String(await ready()) === "false,false");
    await expect(app.master.hub.client.request("web.0", "info")).rejects.toMatchObject({
      code: "ELPIS_HUB_NO_RESPONDER",
    });
    // The probes stand apart: nobody has to be started again for that.
    expect([await probe("ready"), await probe("live")]).toEqual([503, 200]);
    const { data, message } = (await app.get("/health/ready")).body as {
      data: Report;
      message: string;
    };
    expect(data.status).toBe("down");
    expect(message).toContain("db of web.0 is down");
    expect(data.indicators.find(({ name }) => name === "db")?.processes).toHaveLength(2);
    await db.start();
    await waitFor("both to be back", async () => String(await ready()) === "true,true");
    await waitFor("it to be well", async () => (await probe("ready")) === 200);
  }
  expect(pids()).toEqual(before);
});

it("starts, and is not well, when what it needs is not there yet", async () => {
  const db = await dependency();
  await db.stop();
  const app = await adminApp(
    `admin(), health({ readiness: true, indicators: { db: { tcp: ${db.port}, interval: "200ms" },
      cache: { tcp: ${db.port}, interval: "200ms", critical: false },
      warm: { tcp: ${db.port}, interval: "200ms", probes: ["startup"] } } })`,
  );
  const get = async (path: string) => (await app.get(path)).status;
  expect([await get("/health"), await get("/health/startup")]).toEqual([503, 503]);
  await db.start();
  await waitFor("it to be well", async () => (await get("/health")) === 200);
  expect(await get("/health/startup")).toBe(200);
  await db.stop();
  await waitFor("it to be ill", async () => (await get("/health/ready")) === 503);
  // It has been up: that is all that startup asks.
  expect(await get("/health/startup")).toBe(200);
});

it("hands new connections to those that are well, and to anybody when nobody is", async () => {
  const port = await freePort();
  const web = `
    import http from "node:http";
    import { hub } from "@elpis/core/process";
    import { checks } from "@elpis/health";
    let isWell = true;
    hub.handle("well." + process.env.ELPIS_PROCESS_INDEX, (value) => { isWell = value; });
    checks(hub).add("self", { check: () => isWell, interval: "50ms" });
    http.createServer((_, response) => response.end(process.env.ELPIS_PROCESS_INDEX)).listen(${port}, "127.0.0.1");`;
  const app = await adminApp(
    "admin(), health({ readiness: true })",
    { "web.mjs": web },
    'balance: "round-robin"',
  );
  const asked = async () => {
    const answers = [];
    for (let at = 0; at < 8; at += 1)
      answers.push(
        await (
          await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } })
        ).text(),
      );
    return [...new Set(answers)].sort().join();
  };
  const tell = async (index: number, isWell: boolean) => {
    const [peer] = await app.master.hub.client.peers({ name: "web", index });
    await app.master.hub.client.request(`well.${index}`, isWell, {
      to: { id: peer?.id as number },
    });
  };
  expect(await asked()).toBe("0,1");
  await tell(0, false);
  await waitFor("only the other one to be given some", async () => (await asked()) === "1");
  await tell(1, false);
  await waitFor("any of them", async () => (await asked()) === "0,1");
  await tell(0, true);
  await waitFor("only the one that is well", async () => (await asked()) === "0");
});

it("is not well when a process does not answer, or the agent knows nothing", async () => {
  const app = await adminApp("admin(), health({ timeout: '300ms' })");
  const health = async () => {
    const { status, body } = await app.get("/health");
    return { code: status, ...(body.data as Report) };
  };
  const well = await health();
  expect([well.status, well.reasons]).toEqual(["up", []]);
  expect(well.indicators.map(({ name, processes }) => [name, processes.length])).toEqual([
    ["process", 3],
  ]);
  const { pid } = app.master.status().processes.at(-1) as { pid: number };
  process.kill(pid, "SIGSTOP");
  const { status, body } = await waitFor("it to be missed", async () => {
    const answer = await app.get("/health/live");
    return answer.status !== 200 && answer;
  });
  const report = body.data as Report;
  expect([status, report.status, report.absent]).toEqual([503, "down", ["web.1"]]);
});

it("is never an empty answer: without the plugin it is what the master sees", async () => {
  const app = await adminApp("admin()");
  const { status, body } = await app.get("/health");
  expect([status, body.success]).toEqual([200, true]);
  expect(body.data).toMatchObject({ status: "up", source: "master" });
  await app.post("/process/web/stop");
  const ill = await app.get("/health");
  expect([ill.status, ill.body.success]).toEqual([503, false]);
  expect(ill.body.message).toContain("web.0 is stopped");
});
