import { chmodSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, connect as dial, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AnyTopics, Client } from "@elpis/api";
import { afterEach } from "vitest";
import { connect, createHub, createLogger, type Hub, type HubOptions } from "../../src/index.ts";

/** Hubs and peers that end with the test that made them. */
const closers: Array<() => unknown> = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Copies a private folder. Not every version of Node keeps the mode of what it copies. */
export function copyPrivate(from: string, to: string): void {
  cpSync(from, to, { recursive: true });
  chmodSync(to, 0o700);
}

/** Runs `close` when the present test has ended. */
export function endsWithTest(close: () => unknown): void {
  closers.push(close);
}

export function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "elpis-test-"));
  closers.push(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export async function startHub(options: Partial<HubOptions> = {}): Promise<Hub> {
  const log = createLogger({ level: "silent" });
  const hub = await createHub({ name: "test", dir: tempDir(), log, ...options });
  closers.push(() => hub.close());
  return hub;
}

export async function joinHub<Topics = AnyTopics>(
  hub: Hub,
  name: string,
  index = 0,
): Promise<Client<Topics>> {
  const { path, secret } = hub;
  const client = await connect<Topics>({ path, secret, location: { name, index } });
  closers.push(() => client.close());
  return client;
}

/** A peer whose bytes to and from the hub can be held up, as by a process that does not run any more. */
export async function joinThroughValve(
  hub: Hub,
  name: string,
): Promise<{ client: Client; shut(way: "to hub" | "from hub"): void }> {
  const pairs: Array<{ near: Socket; far: Socket }> = [];
  const valve = createServer({ allowHalfOpen: true }, (near) => {
    const far = dial({ path: hub.path, allowHalfOpen: true });
    for (const socket of [near, far]) socket.on("error", () => {});
    near.pipe(far);
    far.pipe(near);
    pairs.push({ near, far });
  });
  const path = join(tempDir(), "valve.sock");
  await new Promise<void>((resolve) => valve.listen(path, resolve));
  closers.push(() => {
    for (const { near, far } of pairs) for (const socket of [near, far]) socket.destroy();
    valve.close();
  });
  const client = await connect({ path, secret: hub.secret, location: { name } });
  return {
    client,
    shut: (way) => {
      for (const { near, far } of pairs) {
        const [from, to] = way === "to hub" ? [near, far] : [far, near];
        from.unpipe(to).pause();
      }
    },
  };
}

/** Resolves when the hub has taken in everything that `client` said so far. */
export async function settled(client: Client): Promise<void> {
  await client.peers();
}

/** A promise and how to settle it. */
export function deferred<Value = void>(): {
  promise: Promise<Value>;
  resolve: (value: Value) => void;
} {
  let resolve: (value: Value) => void = () => {};
  const promise = new Promise<Value>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
