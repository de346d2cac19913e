import { type Client, hasCode, type Off } from "@elpis/api";
import { SharedWriters } from "../logger/shared-writers.ts";
import type { Question, SharedFilesEdges } from "./edges.ts";
import type { SharedFilesLike } from "./shared-files.ts";
import { ANSWER_MS } from "./times.ts";
import { type SharedFileTopics, TOPIC_OF } from "./topics.ts";

/** A writer has to open a file, and nobody waits for it meanwhile: more time than to hold. */
const REOPEN_MS = 2 * ANSWER_MS;
/** What a call to a peer fails with that has left, or is there and writes nothing any more. */
const GONE = "ELPIS_HUB_NO_RESPONDER";

/**
 * How writers are asked over a hub. Each by its number: one that boots or drains is not ready, and would be passed over
 * otherwise.
 */
export function askWriters(hub: Client): SharedFilesEdges["ask"] {
  const client = hub as unknown as Client<SharedFileTopics>;
  return async ({ path, verb, writers }: Question) => {
    const answers = { answered: [] as string[], missing: [] as string[], gone: [] as string[] };
    const timeoutMs = verb === "reopen" ? REOPEN_MS : ANSWER_MS;
    const ask = async (writer: string): Promise<void> => {
      try {
        await client.request(TOPIC_OF[verb], { path }, { to: { id: Number(writer) }, timeoutMs });
        answers.answered.push(writer);
      } catch (error) {
        answers[hasCode(error, GONE) ? "gone" : "missing"].push(writer);
      }
    };
    await Promise.all(writers.map(ask));
    return answers;
  };
}

/** Asks all writers to register at once: what rotates has been started, or started anew, and knows none of them. */
export function callWriters(hub: Client): void {
  const client = hub as unknown as Client<SharedFileTopics>;
  void client.emit("elpis.logs.rotator", null).catch(() => {});
  // Nobody hears what it says itself.
  SharedWriters.find(hub)?.register();
}

/**
 * Lets the processes of a hub register what they write, tells of those that leave, and calls those that are there.
 *
 * @param files may be in another process: only plain data goes there
 */
export function serveSharedFiles(hub: Client, files: SharedFilesLike): Off {
  const client = hub as unknown as Client<SharedFileTopics>;
  const offs = [
    client.handle("elpis.logs.register", async (registration, { from }) => {
      return { path: await files.register(String(from.id), registration) };
    }),
    client.handle("elpis.logs.forget", async ({ path }, { from }) => {
      await files.forget(String(from.id), path);
      return null;
    }),
    client.watchPeers(({ type, peer }) => {
      if (type === "left") void files.forget(String(peer.id));
    }),
  ];
  callWriters(hub);
  return () => {
    for (const off of offs) off();
  };
}
