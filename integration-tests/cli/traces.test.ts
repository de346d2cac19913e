import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TraceDetails, TraceStats, TraceSummary } from "@elpis/api";
import { describe, expect, onTestFinished, test } from "vitest";
import { ROOT } from "../docs/blocks.ts";
import { ElpisHome } from "../support/elpis.ts";
import { freePort } from "../support/port.ts";
import { failedTrace, KEEPER, simpleTrace } from "../support/trace-keeper.ts";
import { writeApp } from "./fixtures.ts";

interface Listed {
  readonly app: string;
  readonly total: number;
  readonly lastSeq: number;
  readonly items: readonly TraceSummary[];
}
interface Failure {
  readonly error: { readonly code: string; readonly message: string; readonly details: object };
}

/** An app whose agent keeps traces: these from its start, and what it is given later. No more than `cached` at a time. */
async function started(traces: readonly TraceDetails[], cached = 10_000) {
  const home = await ElpisHome.create();
  onTestFinished(() => home.remove());
  const port = await freePort();
  await symlink(join(ROOT, "node_modules"), join(home.dir, "node_modules"));
  await writeApp(home.dir, {
    "elpis.config.mjs": `export default { name: "shop", agent: "./agent.mjs",
      processes: { web: { entry: "./web.mjs", ready: "listen", env: { PORT: "${port}" } } } };`,
    "keeper.mjs": KEEPER,
    "traces.json": JSON.stringify(traces),
    "agent.mjs": `import { readFileSync } from "node:fs";
      import { hub } from "@elpis/core/process";
      import { keep } from "./keeper.mjs";
      keep(hub, JSON.parse(readFileSync(new URL("./traces.json", import.meta.url), "utf8")), ${cached});`,
    "web.mjs": `import { createServer } from "node:http";
      import { text } from "node:stream/consumers";
      import { hub } from "@elpis/core/process";
      createServer(async (request, response) => {
        const [, topic] = request.url.split("/");
        const answer = await hub.request(topic, JSON.parse((await text(request)) || "null"));
        response.end(JSON.stringify(answer ?? null));
      }).listen(Number(process.env.PORT), "127.0.0.1");`,
  });
  expect((await home.run(["start"])).code).toBe(0);
  const ask = async (topic: string, input: unknown): Promise<unknown> => {
    const url = `http://127.0.0.1:${port}/${topic}`;
    return (await fetch(url, { method: "POST", body: JSON.stringify(input) })).json();
  };
  return {
    home,
    keep: (...all: readonly TraceDetails[]) => ask("test.keep", all),
    asked: () => ask("test.asked", null),
  };
}

const EXAMPLES = [
  simpleTrace("0af7"),
  simpleTrace("4bf9", { name: "GET /cart", status: "slow", durationMs: 1500 }),
  failedTrace(),
];
const WHOLE = failedTrace().traceId;

describe("elpis traces", () => {
  test("shows the newest last, as a table or as data", async () => {
    const { home } = await started(EXAMPLES);
    const { code, stdout, stderr } = await home.run(["traces"]);
    expect(code).toBe(0);
    const [heading, ...lines] = stdout.trimEnd().split("\n");
    expect(heading).toMatch(/^time +status +duration +spans +processes +name +trace$/);
    expect(lines).toEqual([
      expect.stringMatching(/Z {2}normal +12\.5 ms +1 {2}web\.0 +GET \/ +0af70{28}$/),
      expect.stringMatching(/Z {2}slow +1\.50 s +1 {2}web\.0 +GET \/cart +4bf90{28}$/),
      expect.stringMatching(/Z {2}unfinished +200 ms +5 {2}web\.0,jobs\.1 +POST \/order +4bf92f/),
    ]);
    expect(stderr).toContain("3 of 3 traces that match");
    const listed = await home.json<Listed>(["traces", "shop", "-n", "1"]);
    const { tree: _, omitted: __, ...summary } = failedTrace();
    expect(listed).toEqual({
      ...{ app: "shop", total: 3, lastSeq: 3 },
      items: [{ ...summary, seq: 3 }],
    });
    const none = await home.run(["traces", "-n", "0"]);
    expect([none.code, none.stdout]).toEqual([0, ""]);
    expect(none.stderr).toContain("0 of 3 traces that match");
  });

  test("asks for those that are wanted", async () => {
    const { home, asked } = await started(EXAMPLES);
    const names = async (...options: string[]): Promise<string[]> =>
      (await home.json<Listed>(["traces", ...options])).items.map(({ name }) => name);
    expect(await names("--slow")).toEqual(["POST /order", "GET /cart"]);
    expect(await names("--errors")).toEqual(["POST /order"]);
    expect(await names("--status", "normal")).toEqual(["GET /"]);
    expect(await names("--min", "1s")).toEqual(["GET /cart"]);
    expect(await names("--tag", "http.route:/order", "--tag", "db.system.name:x")).toEqual([]);
    const all = ["--name", "cart", "--max", "2s", "--process", "web.0", "--since", "2026-01-31"];
    expect(await names(...all, "--tag", "a:b:c")).toEqual([]);
    expect(await asked()).toEqual({
      ...{ name: "cart", maxMs: 2000, process: "web.0", offset: 0, limit: 20 },
      ...{ since: new Date(2026, 0, 31).getTime(), tags: { a: "b:c" } },
    });
    for (const [options, words] of [
      [["--status", "quick"], "expected some of unfinished"],
      [["--tag", "a"], "expected a key and a value"],
      [["--stats", "--follow"], "cannot be used with"],
      [["--name", "refuse me"], "The part name makes no sense"],
    ] as const) {
      const { code, stdout, stderr } = await home.run(["traces", ...options]);
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toContain(words);
    }
  });

  test("gets more than a page has, each once", async () => {
    const many = Array.from({ length: 2345 }, (_, at) =>
      simpleTrace(at.toString(16).padStart(8, "0"), { name: `GET /${at}` }),
    );
    const { home } = await started(many);
    const { items, total } = await home.json<Listed>(["traces", "-n", "2000"]);
    expect(total).toBe(2345);
    expect(items.map(({ name }) => name)).toEqual(
      Array.from({ length: 2000 }, (_, at) => `GET /${2344 - at}`),
    );
    const { trace } = await home.json<{ trace: TraceDetails }>(["trace", "00000007"]);
    expect(trace.name).toBe("GET /7");
  });

  test("--stats says what was kept, let go and lost", async () => {
    const { home } = await started(EXAMPLES);
    const { code, stdout } = await home.run(["traces", "--stats"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^traces kept +3$/m);
    expect(stdout).toMatch(/^traces let go +11, with 22 spans$/m);
    expect(stdout).toMatch(/^spans lost +4 at their senders, 5 on arrival$/m);
    const { stats } = await home.json<{ stats: TraceStats }>(["traces", "--stats"]);
    expect(stats).toMatchObject({ kept: 3, letGo: 11, cached: { traces: 3, bytes: 9000 } });
  });
});

describe("elpis traces -f", () => {
  test("prints what is kept, each once, also when the keeper begins anew or was away", async () => {
    const { home, keep } = await started(EXAMPLES);
    await writeFile(join(home.dir, "traces.json"), "[]");
    const follow = home.spawn(["traces", "shop", "-f", "-n", "1", "--json"]);
    const names = (): string[] =>
      follow
        .stdout()
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => (JSON.parse(line) as TraceSummary).name);
    await follow.printed("POST /order");
    await keep(simpleTrace("a1", { name: "one" }), simpleTrace("a2", { name: "two" }));
    await follow.printed('"two"');

    // The new one counts from 1, and knows nothing of before.
    expect((await home.run(["restart", "shop", "--process", "agent"])).code).toBe(0);
    await keep(simpleTrace("a3", { name: "three" }));
    await follow.printed('"three"');

    expect((await home.run(["stop", "shop"])).code).toBe(0);
    await follow.printed("nobody tells of the traces of shop; waiting");
    // As many as there were before: only a look at them tells that they are others.
    const four = simpleTrace("a4", { name: "four" });
    await writeFile(join(home.dir, "traces.json"), JSON.stringify([four]));
    expect((await home.run(["start"])).code).toBe(0);
    await follow.printed('"four"');
    await follow.printed("shop is back");

    follow.child.kill("SIGINT");
    expect((await follow.finished).code).toBe(0);
    expect(names()).toEqual(["POST /order", "one", "two", "three", "four"]);
  });

  test("prints only what matches, below one heading, and says what was gone too early", async () => {
    const { home, keep } = await started([simpleTrace("a0", { status: "slow" })], 3);
    const follow = home.spawn(["traces", "shop", "-f", "--slow"]);
    await follow.printed("a0000");
    const slow = { status: "slow", statuses: ["slow"] } as const;
    const burst = Array.from({ length: 10 }, (_, at) => simpleTrace(`b${at}`, slow));
    await keep(...burst, simpleTrace("c0"), simpleTrace("c1", slow));
    await follow.printed("c1000");
    await follow.printed("9 traces were gone before they could be shown");
    follow.child.kill("SIGTERM");
    const { code, stdout } = await follow.finished;
    expect(code).toBe(0);
    expect(stdout.match(/^time /gm)).toHaveLength(1);
    expect(stdout).toMatch(/ b90{30}\n.* c10{30}\n$/);
    expect(stdout).not.toContain("c0000");
  });
});

describe("elpis trace", () => {
  test("draws the tree of one, by its id or the beginning of it", async () => {
    const { home } = await started(EXAMPLES);
    const { code, stdout } = await home.run(["trace", WHOLE], { env: { LC_ALL: "C.UTF-8" } });
    expect(code).toBe(0);
    const [head = "", tree = "", why = ""] = stdout.split("\n\n");
    expect(head.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
      ["trace", WHOLE],
      ["name", "POST /order"],
      ["status", "unfinished, error, slow"],
      ["began", "2026-01-31T12:00:00.000Z"],
      ["took", "200 ms"],
      ["processes", "web.0, jobs.1"],
      ["spans", "5, 2 failed"],
      ["open", "send mail"],
    ]);
    expect(tree.split("\n")).toEqual([
      `! ${"█".repeat(30)}   200 ms  web.0   POST /order  500`,
      `  ${" ▐███████".padEnd(30)}  50.0 ms  web.0     query  postgresql  SELECT * FROM items`,
      `? ${" ".repeat(30)}        -  web.0`,
      `! ${`${" ".repeat(15)}${"█".repeat(12)}`.padEnd(30)}  80.0 ms  jobs.1      charge card  the card was declined`,
      `… ${`${" ".repeat(22)}${"░".repeat(8)}`.padEnd(30)}     open  jobs.1        send mail`,
    ]);
    expect(why).toBe("! charge card (jobs.1): the card was declined\n");
    // As it is cut where there is little room, too.
    for (const id of ["4bf92", "4BF92F3577", "4bf92f3577b34…"]) {
      expect((await home.run(["trace", id, "--app", "shop"])).stdout).toContain(WHOLE);
    }
    const plain = await home.run(["trace", "4bf92"], { env: { LC_ALL: "C" } });
    expect(plain.stdout).toContain(`! ${"=".repeat(30)}   200 ms`);
    expect(plain.stdout).toContain(`> ${" ".repeat(22)}--------`);
  });

  test("--json is all that is known of it", async () => {
    const { home } = await started(EXAMPLES);
    expect(await home.json(["trace", WHOLE])).toEqual({
      app: "shop",
      trace: { ...failedTrace(), seq: 3 },
    });
  });

  test("says what it is that cannot be shown", async () => {
    const { home } = await started(EXAMPLES);
    for (const id of ["ffff", "f".repeat(32)]) {
      const { code, stderr } = await home.run(["trace", id]);
      expect([id, code]).toEqual([id, 5]);
      expect(stderr).toContain(`shop has no trace ${id}, or does not keep it any more`);
    }
    expect((await home.json<Failure>(["trace", "4bf9"])).error).toEqual({
      code: "ELPIS_CLI_WHICH_TRACE",
      message: expect.stringContaining(`  ${WHOLE}\n  ${"4bf9".padEnd(32, "0")}`),
      details: { app: "shop", id: "4bf9", ids: [WHOLE, "4bf9".padEnd(32, "0")] },
    });
    expect((await home.run(["trace", "4bf9"])).code).toBe(5);
    for (const id of ["4bf", "GET /", "0".repeat(33)]) {
      const { code, stderr } = await home.run(["trace", id]);
      expect([id, code]).toEqual([id, 2]);
      expect(stderr).toContain("at least 4 digits");
    }
  });
});

test("names of somebody else are no commands for the terminal", async () => {
  const nasty = "GET /\u001b[2J\u009b31m\nshop is down\u202e";
  const evil = failedTrace();
  const { home } = await started([
    {
      ...evil,
      ...{ name: nasty, processes: ["web\u0007.0"], open: [nasty] },
      tree: evil.tree.map((span) => ({
        ...{ ...span, name: nasty, process: "web\u0007.0", statusMessage: nasty },
        tags: { "db.system.name": nasty, "http.response.status_code": nasty },
      })),
    },
  ]);
  for (const args of [["traces"], ["trace", WHOLE]]) {
    const { code, stdout } = await home.run(args);
    expect(code).toBe(0);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that there is none is what is asked
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(stdout).not.toMatch(/^shop is down/m);
    expect(stdout).toContain("GET /\\u001b[2J\\u009b31m shop is down");
  }
  expect((await home.json<Listed>(["traces"])).items[0]?.name).toBe(nasty);
  const follow = home.spawn(["traces", "-f"]);
  await follow.printed("\\u001b[2J");
  follow.child.kill("SIGINT");
  expect((await follow.finished).stdout).not.toContain("\u001b");
});

test("an app without the plugin says which", async () => {
  const home = await ElpisHome.create();
  onTestFinished(() => home.remove());
  await writeApp(home.dir, {
    "elpis.config.mjs": `export default { name: "shop", processes: { web: "./web.mjs" } };`,
    "web.mjs": "setInterval(() => {}, 1000);",
  });
  expect((await home.run(["start"])).code).toBe(0);
  for (const args of [["traces"], ["traces", "-f"], ["traces", "--stats"], ["trace", "4bf9"]]) {
    const { code, stdout, stderr } = await home.run(args);
    expect([args, code, stdout]).toEqual([args, 2, ""]);
    expect(stderr).toContain('shop runs without the plugin "trace"');
  }
  const { error } = await home.json<Failure>(["traces"]);
  expect(error).toMatchObject({ code: "ELPIS_CLI_NO_PLUGIN", details: { plugin: "trace" } });
});
