import { type Client, errorToData, hasCode, type PeerInfo } from "@elpis/api";
import { dedupe } from "./dedupe.ts";
import { DEFAULT_TIMEOUT_MS } from "./define.ts";
import { pushedTo } from "./pushed.ts";
import type { AbsentProcess, Gathered, IndicatorAnswer, IndicatorFailure } from "./types.ts";
import { INDICATOR_TOPIC, type IndicatorTopics, keyOf, readReply } from "./wire.ts";

/** How a group is gathered. */
export interface GatherOptions {
  /** What the indicators are asked. @default {} */
  readonly query?: unknown;
  /** How long to wait for all of them, in milliseconds. @default 3000 */
  readonly timeoutMs?: number;
  /** Whom to ask. @default everybody */
  readonly among?: (peer: PeerInfo) => boolean;
}

/** What one process came to. */
interface Heard {
  readonly answers: readonly IndicatorAnswer[];
  readonly failures: readonly IndicatorFailure[];
  readonly absent: readonly AbsentProcess[];
}

const NOTHING: Heard = { answers: [], failures: [], absent: [] };

/**
 * Asks all indicators of a group, in all processes that are there now, also in those that take no work. Resolves when all
 * have answered, or the time is over; whoever is missing is named.
 *
 * @throws ELPIS_HUB_CLOSED
 */
export async function gather<Value = unknown>(
  hub: Client,
  group: string,
  options: GatherOptions = {},
): Promise<Gathered<Value>> {
  const { among = () => true } = options;
  const pushed = pushedTo(hub);
  // Each is asked by its number: a `map` passes over those that take no work, and they have the most to tell.
  const peers = (await hub.peers()).filter(among);
  const said = pushed.of(group).filter(({ from }) => peers.some(({ id }) => id === from.id));
  const asked = peers.filter(({ id }) => !pushed.isEnough(id, group));
  const heard = await Promise.all(asked.map((peer) => ask(hub, group, peer, options)));
  const told = heard.flatMap((one) => one.answers);
  const keyOfOne = ({ from, name }: IndicatorAnswer): string => keyOf(from, group, name);
  const toldKeys = new Set(told.map(keyOfOne));
  // Who was asked and has answered has the newer value.
  const kept = said.filter((one) => !toldKeys.has(keyOfOne(one)));
  const answers = [...kept, ...told] as IndicatorAnswer<Value>[];
  const counted = dedupe(
    answers,
    heard.flatMap((one) => one.failures),
  );
  const absent = heard.flatMap((one) => one.absent);
  return { ...counted, absent, partial: absent.length > 0 || counted.failures.length > 0 };
}

async function ask(
  hub: Client,
  group: string,
  peer: PeerInfo,
  { query = {}, timeoutMs = DEFAULT_TIMEOUT_MS }: GatherOptions,
): Promise<Heard> {
  const { ready: _, ...from } = peer;
  const client = hub as unknown as Client<IndicatorTopics>;
  try {
    const to = { id: peer.id };
    const reply = readReply(
      await client.request(INDICATOR_TOPIC, { group, query }, { to, timeoutMs }),
    );
    return {
      ...NOTHING,
      answers: reply.flatMap((one) => {
        return one.ok ? { from, group, name: one.name, scope: one.scope, value: one.value } : [];
      }),
      failures: reply.flatMap((one) => {
        return one.ok ? [] : { from, group, name: one.name, scope: one.scope, error: one.error };
      }),
    };
  } catch (error) {
    // It has no indicators at all.
    if (hasCode(error, "ELPIS_HUB_NO_RESPONDER")) return NOTHING;
    const { name, message, code } = errorToData(error);
    return {
      ...NOTHING,
      absent: [{ from, error: { name, message, ...(code !== undefined && { code }) } }],
    };
  }
}
