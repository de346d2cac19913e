import { describe, expect, it } from "vitest";
import { waitFor } from "../process/support.ts";
import { type App, startApp } from "./support.ts";

const CONFIG = `
import { compatThink } from "@elpis/compat-think";
export default {
  name: "think",
  processes: { web: { entry: "./web.cjs", scale: 3 }, jobs: "./web.cjs" },
  plugins: [compatThink()],
};
`;

/** As an application of think-cluster is: CommonJS. */
const WEB = `
const { hub } = require("@elpis/core/process");
const { thinkMessenger } = require("@elpis/compat-think");
const messenger = thinkMessenger(hub);
const { index } = hub.location;
const heard = [];
messenger.on("news", (data) => void heard.push(data));
messenger.on("job", (n) => void heard.push(n));
messenger.on("who", ({ dies, rejects, hangs, at, bytes }) => {
  if (dies === index) process.kill(process.pid, "SIGKILL");
  if (dies === index || hangs === index) return new Promise(() => {});
  if (rejects === index) throw new Error("no");
  return { index, year: at?.getUTCFullYear(), text: bytes?.toString("utf8") };
});
const ran = messenger.runInOne(() => {});
hub.handle("ran", () => ran);
hub.handle("broadcast", (data) => messenger.broadcast("news", data));
hub.handle("consume", (n) => messenger.consume("job", n));
hub.handle("map", async (input) => {
  const answers = await messenger.map("who", input, { timeoutMs: input.timeoutMs ?? 10000 });
  const failures = answers.failures.map(({ from, error }) => [from.index, error.code]);
  return { answers: [...answers], partial: answers.partial, failures };
});
hub.handle("heard", () => heard);
setInterval(() => {}, 1000);
`;

const FILES = { "elpis.config.mjs": CONFIG, "web.cjs": WEB };
const WEBS = ["web.0", "web.1", "web.2"];

async function heardOf(app: App, processes: readonly string[]): Promise<unknown[][]> {
  return (await Promise.all(processes.map((one) => app.ask(one, "heard")))) as unknown[][];
}

describe("an application of think-cluster", () => {
  it("broadcasts to the processes of one name, with dates and bytes as they were", async () => {
    const app = await startApp(FILES);
    await app.ask("web.1", "broadcast", { at: new Date(0), bytes: Buffer.from("tea") });
    await waitFor("the news", async () =>
      (await heardOf(app, WEBS)).every(({ length }) => length === 1),
    );
    expect(await heardOf(app, WEBS)).toEqual(
      WEBS.map(() => [{ at: new Date(0), bytes: Buffer.from("tea") }]),
    );
    expect(await app.ask("jobs.0", "heard")).toEqual([]);
  });

  it("consumes exactly once, wherever it is called from", async () => {
    const app = await startApp(FILES);
    const numbers = Array.from({ length: 90 }, (_, n) => n);
    await Promise.all(numbers.map((n) => app.ask(WEBS[n % 3] as string, "consume", n)));
    const ran = (await heardOf(app, WEBS)).flat() as number[];
    expect(ran.sort((one, other) => one - other)).toEqual(numbers);
  });

  it("runs in one process of each name what all of them call at their start", async () => {
    const app = await startApp(FILES);
    const ran = await Promise.all(WEBS.map((one) => app.ask(one, "ran")));
    expect(ran.filter(Boolean)).toHaveLength(1);
    expect(await app.ask("jobs.0", "ran")).toBe(true);
  });

  it("maps in the order of the workers", async () => {
    const app = await startApp(FILES);
    const input = { at: new Date(0), bytes: Buffer.from("tea") };
    expect(await app.ask("web.2", "map", input)).toEqual({
      answers: [0, 1, 2].map((index) => ({ index, year: 1970, text: "tea" })),
      partial: false,
      failures: [],
    });
  });

  it("settles a map when a worker is killed meanwhile, when one rejects, and when one is frozen", async () => {
    const app = await startApp(FILES);
    expect(await app.ask("web.0", "map", { dies: 1, rejects: 2 })).toEqual({
      answers: [{ index: 0 }],
      partial: true,
      failures: [
        [1, "ELPIS_HUB_PEER_LOST"],
        [2, "ELPIS_HUB_REMOTE"],
      ],
    });
    // The replacement of the one that was killed takes part again.
    await waitFor("the replacement", () => app.isReady("web.1", 2));
    process.kill(app.pid("web.2"), "SIGSTOP");
    expect(await app.ask("web.0", "map", { timeoutMs: 1500 })).toEqual({
      answers: [{ index: 0 }, { index: 1 }],
      partial: true,
      failures: [[2, "ELPIS_HUB_DEADLINE"]],
    });
  });

  it("has one messenger though the configuration is TypeScript, which loads the package a second time", async () => {
    const app = await startApp({ "elpis.config.ts": CONFIG, "web.cjs": WEB });
    await app.ask("web.0", "broadcast", "hi");
    await waitFor("the news", async () =>
      (await heardOf(app, WEBS)).every(([first]) => first === "hi"),
    );
    expect(await app.ask("web.0", "map", {})).toMatchObject({ partial: false });
  });
});
