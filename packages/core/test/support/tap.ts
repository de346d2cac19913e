import { createServer, connect as dial } from "node:net";
import { join } from "node:path";
import type { Client, Location } from "@elpis/api";
import {
  BodyCodec,
  bodyEnd,
  bodyStart,
  correlationOf,
  Flag,
  flagsOf,
  HEADER_BYTES,
  Kind,
  kindOf,
  PROTOCOL_VERSION,
  Splitter,
  setFlags,
  sizeOf,
  writeHeader,
} from "@elpis/protocol";
import { connect, type Hub } from "../../src/index.ts";
import type { Link } from "../../src/wire/link.ts";
import { memoryLinks } from "../../src/wire/memory-link.ts";
import { deferred, endsWithTest, tempDir } from "./hub-kit.ts";

/** A frame that passed. */
export interface Passed {
  readonly way: "to hub" | "from hub";
  readonly bytes: Buffer;
  readonly at: number;
}

/** A client, and all frames between it and the hub. */
export async function tapHub(
  hub: Hub,
  name: string,
): Promise<{ client: Client; frames(): readonly Passed[] }> {
  const passed: Passed[] = [];
  const note = (way: Passed["way"]): Splitter => {
    const frames = (chunk: Buffer, from: number, to: number): void => {
      for (let at = from; at < to; at += sizeOf(chunk, at)) {
        passed.push({ way, bytes: Buffer.from(chunk.subarray(at, at + sizeOf(chunk, at))), at: 0 });
      }
    };
    return new Splitter({ frames }, 1 << 24);
  };
  const tap = createServer((near) => {
    const far = dial({ path: hub.path });
    const [up, down] = [note("to hub"), note("from hub")];
    for (const socket of [near, far]) socket.on("error", () => {});
    near.on("data", (chunk: Buffer) => up.feed(Buffer.from(chunk)));
    far.on("data", (chunk: Buffer) => down.feed(Buffer.from(chunk)));
    near.pipe(far);
    far.pipe(near);
  });
  const path = join(tempDir(), "tap.sock");
  await new Promise<void>((resolve) => tap.listen(path, resolve));
  const client = await connect({ path, secret: hub.secret, location: { name }, reconnect: false });
  endsWithTest(async () => {
    await client.close();
    tap.close();
  });
  return { client, frames: () => passed };
}

/** A peer of another make: it reads no records, and answers what it handles with the bytes that came. */
export interface PlainPeer {
  readonly flagsSeen: readonly number[];
  echo(topic: string): void;
  /** Resolves when the hub has read all that was said. */
  settled(): Promise<void>;
}

export async function joinPlain(hub: Hub, name: string): Promise<PlainPeer> {
  const [ours, theirs] = memoryLinks();
  const location = { app: hub.name, role: "worker", name, index: 0, pid: 1, epoch: 1 } as const;
  (hub as unknown as { attach(link: Link, location: Omit<Location, "id">): void }).attach(
    theirs,
    location,
  );
  const codec = new BodyCodec();
  const flagsSeen: number[] = [];
  const welcome = deferred();
  let pong = deferred();
  const say = (frame: Buffer): void => ours.write([frame], frame.length);
  const answer = (chunk: Buffer, at: number): void => {
    const body = chunk.subarray(bodyStart(chunk, at), bodyEnd(chunk, at));
    const reply = Buffer.alloc(HEADER_BYTES + body.length);
    writeHeader(reply, 0, reply.length, Kind.reply, 0, correlationOf(chunk, at), 0, 0);
    body.copy(reply, HEADER_BYTES);
    say(reply);
  };
  const frames = (chunk: Buffer, from: number, to: number): void => {
    for (let at = from; at < to; at += sizeOf(chunk, at)) {
      const kind = kindOf(chunk, at);
      if (kind === Kind.welcome) welcome.resolve();
      if (kind === Kind.pong) pong.resolve();
      if (kind !== Kind.request) continue;
      flagsSeen.push(flagsOf(chunk, at));
      answer(chunk, at);
    }
  };
  const splitter = new Splitter({ frames }, 1 << 24);
  ours.start(
    (chunk) => splitter.feed(chunk),
    () => {},
  );
  const hello = { protocol: [PROTOCOL_VERSION, PROTOCOL_VERSION], client: "plain", pid: 1 };
  say(codec.frame(hello, Kind.hello, 0, 0, 0, 0));
  await welcome.promise;
  const ready = codec.frame(undefined, Kind.state, 0, 0, 0, 0);
  setFlags(ready, 0, Flag.ready);
  say(ready);
  return {
    flagsSeen,
    echo: (topic) => {
      const frame = codec.frame(topic, Kind.listen, 0, 0, 0, 0);
      setFlags(frame, 0, Flag.handler);
      say(frame);
    },
    settled: () => {
      pong = deferred();
      say(codec.frame(undefined, Kind.ping, 0, 0, 0, 0));
      return pong.promise;
    },
  };
}
