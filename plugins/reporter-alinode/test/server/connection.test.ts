import { hostname } from "node:os";
import { waitFor } from "@elpis/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import type { AlinodeServerOptions } from "../../src/options.ts";
import { Connection, type Timings } from "../../src/server/connection.ts";
import { contextWith } from "../support/samples.ts";
import { AlinodeServer, SECRET } from "../support/server.ts";

const QUICK: Timings = { register: 20, reconnect: [5, 20], refused: 50, close: 500 };

function connect(
  server: AlinodeServer,
  more: Partial<AlinodeServerOptions> = {},
): { connection: Connection; said: string[] } {
  const { log, said } = contextWith();
  const options = { url: server.url, appid: "77", secret: SECRET, ...more };
  const connection = new Connection(options, log, QUICK);
  onTestFinished(() => connection.close());
  connection.open();
  return { connection, said };
}

const isRegistered = (connection: Connection): boolean => {
  connection.ensureRegistered();
  return true;
};
const registered = (connection: Connection): Promise<unknown> =>
  waitFor(() => isRegistered(connection), { what: "to be registered" });
const signal = new AbortController().signal;

describe("a connection to Alinode's server", () => {
  it("registers, with everything in the order in which the collector has it", async () => {
    await using server = await AlinodeServer.start();
    const { connection } = connect(server, { agentid: "web-1" });
    expect(() => connection.ensureRegistered()).toThrow("not registered with Alinode yet");
    await registered(connection);
    const [message] = server.of("register");
    expect(Object.keys(message ?? {})).toEqual(["type", "params", "appid", "id"]);
    expect(message).toMatchObject({
      params: { version: "1.10.8", agentid: "web-1", pid: process.pid },
      appid: "77",
    });
    expect(Object.keys(message?.params)).toEqual(["version", "agentid", "pid"]);
    await connection.report({ type: "node_log", metrics: { ok: true, data: [] } }, signal);
    const [log] = await waitFor(() => server.of("log").length > 0 && server.of("log"), {
      what: "a log",
    });
    const keys = ["type", "params", "appid", "agentid", "timestamp", "id"];
    expect(Object.keys(log ?? {})).toEqual(keys);
    expect(server.complaints).toEqual([]);
  });

  it("registers again until it is answered", async () => {
    await using server = await AlinodeServer.start();
    server.welcome = undefined;
    const { connection } = connect(server);
    await waitFor(() => server.of("register").length > 2, { what: "three attempts" });
    expect(server.of("register")[0]?.params.agentid).toBe(hostname());
    server.welcome = "REG_OK";
    await registered(connection);
    expect(server.connections).toBe(1);
  });

  it("tells that it is there, and comes back when nobody answers", async () => {
    await using server = await AlinodeServer.start();
    const { connection } = connect(server, { heartbeat: "10ms" });
    await waitFor(() => server.of("heartbeat").length > 4, { what: "five heartbeats" });
    expect(server.connections).toBe(1);
    expect(Object.keys(server.of("heartbeat")[0] ?? {})).toEqual(["type", "params", "appid", "id"]);
    expect(server.of("heartbeat")[0]).toMatchObject({ params: { interval: 10 }, id: 100 });
    server.isAlive = false;
    await waitFor(() => server.connections > 1, { what: "a second connection" });
    server.isAlive = true;
    await registered(connection);
  });

  it("comes back when it was cut, and says meanwhile that it is not there", async () => {
    await using server = await AlinodeServer.start();
    const { connection } = connect(server);
    await registered(connection);
    server.welcome = undefined;
    server.drop();
    await waitFor(() => server.connections > 1, { what: "a second connection" });
    await expect(
      connection.report({ type: "node_log", metrics: {} }, signal),
    ).rejects.toMatchObject({ code: "ELPIS_REPORTER_RETRY_LATER" });
    server.welcome = "REG_OK";
    await registered(connection);
  });

  it("tells why it was refused, and tries again later", async () => {
    await using server = await AlinodeServer.start();
    server.welcome = `REG_NOK the secret ${SECRET} is wrong`;
    const { connection, said } = connect(server);
    await waitFor(() => server.connections > 1, { what: "a second connection" });
    expect(said.join()).toContain(
      "Alinode: it refuses this application: REG_NOK the secret (hidden)",
    );
    expect(said.join()).not.toContain(SECRET);
    server.welcome = "REG_OK";
    await registered(connection);
  });

  it("with another secret is refused, and believes nothing that the server signs", async () => {
    await using server = await AlinodeServer.start();
    const { connection, said } = connect(server, { secret: "wrong" });
    await waitFor(() => server.complaints.length > 0, { what: "a complaint" });
    await waitFor(() => said.join().includes("refuses this application: signature"), {
      what: "a word of it",
    });
    expect(() => connection.ensureRegistered()).toThrow(
      "not registered with Alinode yet: it refuses this application: signature",
    );
  });

  it("says why when nobody is there", async () => {
    const server = await AlinodeServer.start();
    await server[Symbol.asyncDispose]();
    const { connection } = connect(server);
    await waitFor(
      () => {
        expect(() => connection.ensureRegistered()).toThrow(/yet: connect ECONNREFUSED/);
        return true;
      },
      { what: "a reason" },
    );
  });

  it("ends at once, and twice, and for good", async () => {
    await using server = await AlinodeServer.start();
    const { connection } = connect(server);
    await registered(connection);
    await Promise.all([connection.close(), connection.close()]);
    await connection.close();
    connection.open();
    expect(() => connection.ensureRegistered()).toThrow("not registered");
    expect(server.connections).toBe(1);
    // One that never came to be ends as well.
    const early = connect(server).connection;
    await early.close();
  });

  it("stops to wait when its time is up", async () => {
    await using server = await AlinodeServer.start();
    const { connection } = connect(server);
    await registered(connection);
    const over = AbortSignal.abort(new Error("time is up"));
    await expect(connection.report({ type: "node_log", metrics: {} }, over)).rejects.toThrow(
      "time is up",
    );
    expect(server.of("log")).toEqual([]);
  });
});

describe("a command of the server", () => {
  const commands = {
    ping: (args: readonly string[]) => `pong ${args.join("+")}`,
    leak: () => `the secret is ${SECRET}`,
    fail: () => {
      throw new Error(`no ${SECRET}`);
    },
    hang: () => new Promise<string>(() => {}),
  };
  const command = (id: number, command: unknown, more: object = {}): object => ({
    type: "command",
    params: { command, timeout: 1000, env: {}, ...more },
    id,
  });

  async function ask(server: AlinodeServer, message: object): Promise<object> {
    const before = server.of("result").length;
    server.say(message);
    const all = await waitFor(() => server.of("result").length > before && server.of("result"), {
      what: "a result",
    });
    return all.at(-1) as object;
  }

  it("is refused unless it is allowed", async () => {
    await using server = await AlinodeServer.start();
    const { connection } = connect(server);
    await registered(connection);
    for (const word of ["ping", "take_heapdump 1", "toString", "constructor", "", 7, null]) {
      expect(await ask(server, command(1, word))).toMatchObject({
        params: { error: "this command is not allowed" },
      });
    }
  });

  it("that is allowed is done, and told without the secret", async () => {
    await using server = await AlinodeServer.start();
    const { connection } = connect(server, { commands });
    await registered(connection);
    const result = await ask(server, command(41, " ping  a b | rm"));
    expect(Object.keys(result)).toEqual(["type", "params", "appid", "id"]);
    expect(result).toEqual({
      type: "result",
      params: { stdout: "pong a+b+|+rm", stderr: "" },
      appid: "77",
      id: 41,
    });
    const params = async (name: string, more = {}): Promise<unknown> =>
      ((await ask(server, command(42, name, more))) as { params: unknown }).params;
    expect(await params("leak")).toEqual({ stdout: "the secret is (hidden)", stderr: "" });
    expect(await params("fail")).toEqual({ error: "no (hidden)" });
    expect(await params("hang", { timeout: 10 })).toEqual({ error: "it took too long" });
    expect(server.complaints).toEqual([]);
  });

  it("is not heard when the server has not signed it", async () => {
    await using server = await AlinodeServer.start();
    const done: string[] = [];
    const { connection } = connect(server, {
      commands: {
        note: ([word = ""]) => {
          done.push(word);
          return "";
        },
      },
    });
    await registered(connection);
    server.sayUnsigned(command(1, "note unsigned"));
    server.say(command(2, "note forged"), "0".repeat(40));
    server.say(command(3, "note short"), "0");
    server.say({ params: { command: "note order" }, type: "command" }, undefined);
    server.sayText('{"type":"command","params":{"command":"note empty"},"signature":""}');
    server.sayText("no json");
    server.sayText("null");
    server.sayText("[]");
    await ask(server, command(9, "note signed"));
    // In another order of keys it has another signature: it was signed as it was sent.
    expect(done).toEqual(["order", "signed"]);
  });
});
