import { tmpdir } from "node:os";
import { formatIssue } from "@elpis/api";
import { describe, expect, it } from "vitest";
import { type AlinodeOptions, alinode } from "../src/index.ts";
import { folderOf } from "../src/options.ts";

const SECRET = "5ecre7";
const server = { url: "wss://alinode.example/", appid: "1", secret: SECRET };

async function issues(options: unknown): Promise<string[]> {
  const result = await alinode.definition.options?.["~standard"].validate(options);
  return (result?.issues ?? []).map((issue) => formatIssue(issue));
}

describe("the options of alinode", () => {
  it("are taken as they should be", async () => {
    expect(await issues({})).toEqual([]);
    const all: AlinodeOptions = {
      dir: "/var/log/alinode",
      access: true,
      lines: 250,
      scale: { lag: 1000 },
      temporality: "delta",
      server: { ...server, agentid: "web-1", heartbeat: "30s", commands: { ping: () => "pong" } },
    };
    expect(await issues(all)).toEqual([]);
  });

  it.each<[unknown, string]>([
    [7, "options: expected an object"],
    [{ dir: "" }, "options.dir: expected a folder"],
    [{ dir: false }, "options.dir: nothing to do without a server"],
    [{ lines: 251 }, "options.lines: expected a whole number from 1 to 250"],
    [{ scale: { a: -1 } }, "options.scale: expected factors above 0"],
    [{ temporality: "both" }, 'options.temporality: expected "cumulative" or "delta"'],
    [{ logdir: "/tmp" }, "options.logdir: unknown key"],
    [{ server: { ...server, url: "http://x" } }, "options.server.url: expected a URL with ws"],
    [{ server: { url: server.url, appid: "1" } }, "options.server.secret: expected the secret"],
    [{ server: { ...server, commands: { a: "rm" } } }, "options.server.commands: expected func"],
    [{ server: { ...server, heartbeat: "soon" } }, "options.server.heartbeat: expected a time"],
  ])("are refused: %j", async (options, expected) => {
    expect((await issues(options)).join("\n")).toContain(expected);
  });

  it.each([
    { server: SECRET },
    { secret: SECRET, server: { ...server, secret: [SECRET] } },
    { server: { ...server, url: `wss://me:${SECRET}@host/` } },
    { server: { ...server, agentid: { secret: SECRET } } },
  ])("never show a secret: %j", async (options) => {
    const said = (await issues(options)).join("\n");
    expect(said).not.toBe("");
    expect(said).not.toContain(SECRET);
  });

  it("say where files go", () => {
    const kept = process.env.NODE_LOG_DIR;
    delete process.env.NODE_LOG_DIR;
    expect(folderOf({})).toBe(tmpdir());
    process.env.NODE_LOG_DIR = "/logs";
    expect(folderOf({})).toBe("/logs");
    expect(folderOf({ dir: "/other" })).toBe("/other");
    expect(folderOf({ server })).toBeUndefined();
    expect(folderOf({ server, dir: "/other" })).toBe("/other");
    if (kept === undefined) delete process.env.NODE_LOG_DIR;
    else process.env.NODE_LOG_DIR = kept;
  });
});
