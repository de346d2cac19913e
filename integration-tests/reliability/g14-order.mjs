#!/usr/bin/env node
// What one peer sends another arrives in the order in which it was sent, and whatever is missing is accounted for.
import { count, counts, pause, sum, until } from "./lib/numbers.mjs";
import { program } from "./lib/program.mjs";

const SENDERS = 2;
const RECEIVERS = 2;

void program("G14", "order per sender, receiver and class; no gap without a word", async (run) => {
  const hub = await run.hub();
  const { source } = await hub.load();
  const canary = await hub.canary();
  await ordered(run, hub);
  run.canaryIsWell("canary", await canary.report());
  const { failed, wrong } = await source.call("report");
  run.exactly("background: requests failed", counts({ ...failed, wrong }), "none");
  await reconnected(run, hub);
});

/** Events to all, events to one (each awaited), and requests side by side, while receivers freeze and block. */
async function ordered(run, hub) {
  const { receivers, senders } = await cast(run, hub);
  const ids = await Promise.all(receivers.map((receiver) => receiver.call("id")));
  // As many deliveries in all as events * 2 * 2 + 2 * (lane + calls) * 2.
  const plan = run.short
    ? { events: 5000, lane: 1500, calls: 1500 }
    : { events: 150_000, lane: 50_000, calls: 50_000 };
  const sending = Promise.all(
    senders.map((sender) => sender.call("send", { ids, ...plan }, 200_000)),
  );
  let isOver = false;
  const stalling = (async () => {
    const [frozen, blocked] = receivers;
    while (!isOver) {
      frozen.freeze();
      await pause(run.short ? 150 : 300);
      frozen.thaw();
      await blocked.call("block", run.short ? 100 : 200);
      await pause(run.short ? 100 : 700);
    }
  })();
  const sent = await sending;
  isOver = true;
  await stalling;
  const failed = {};
  for (const result of sent)
    for (const [code, times] of Object.entries(result.failed)) count(failed, code, times);
  const wanted = (share) => SENDERS * RECEIVERS * share;
  // While a receiver is frozen, more may wait for it than the hub holds: events are then dropped, and calls refused.
  const refused = failed.ELPIS_HUB_OVERLOADED ?? 0;
  const seen = await until(
    "everything to arrive",
    async () => {
      const { dropped } = await hub.stats();
      const reports = await Promise.all(receivers.map((receiver) => receiver.call("report")));
      const total = (figure) => sum(reports.map((report) => report[figure]));
      const isAll = total("got") + dropped + refused >= wanted(sum(Object.values(plan)));
      return isAll && { dropped, total };
    },
    60_000,
  );
  const { dropped, total } = seen;
  run.note("messages that came", total("got"));
  run.exactly("messages out of order", total("disorder"), 0);
  run.exactly(
    "events to all: came, or counted as dropped",
    total("event") + dropped,
    wanted(plan.events),
  );
  run.exactly("events to one, awaited: came", total("lane"), wanted(plan.lane));
  run.note("requests: refused, as too much waited", refused);
  run.exactly("requests: came, or refused", total("call") + refused, wanted(plan.calls));
  run.exactly("senders told otherwise", counts({ ...failed, ELPIS_HUB_OVERLOADED: 0 }), "none");
  for (const actor of [...receivers, ...senders]) actor.kill();
}

/** The hub is killed and started again: whoever finds a gap has been told of it before. */
async function reconnected(run, hub) {
  const { receivers, senders } = await cast(run, hub);
  if (!(await receivers[0].call("canReconnect"))) throw new Error("peers do not reconnect yet");
  await Promise.all(senders.map((sender) => sender.call("trickle")));
  const kills = run.short ? 1 : 5;
  for (let kill = 0; kill < kills; kill++) {
    await arrived(receivers, kill);
    await hub.restart();
  }
  await arrived(receivers, kills);
  await Promise.all(senders.map((sender) => sender.call("hush")));
  await pause(200);
  const reports = await Promise.all(receivers.map((receiver) => receiver.call("report")));
  const total = (figure) => sum(reports.map((report) => report[figure]));
  run.exactly(`${kills} kills of the hub: told that it is back`, total("back"), kills * RECEIVERS);
  run.note(`${kills} kills of the hub: gaps`, total("gaps"));
  run.exactly(`${kills} kills of the hub: gaps without a word`, total("silent"), 0);
  run.exactly(`${kills} kills of the hub: out of order`, total("disorder"), 0);
}

/** Every receiver has heard something after the so-manieth time that the hub came back. */
const arrived = (receivers, backs) =>
  until("events to come", async () => {
    const reports = await Promise.all(receivers.map((receiver) => receiver.call("report")));
    return reports.every(({ back, sinceBack }) => back >= backs && sinceBack > 50);
  });

async function cast(run, hub) {
  const begin = (name, howMany) =>
    Promise.all(
      Array.from({ length: howMany }, async (_, index) => {
        const actor = run.start(name);
        await actor.call("begin", { hub: hub.name, index });
        return actor;
      }),
    );
  return {
    receivers: await begin("g14-receiver", RECEIVERS),
    senders: await begin("g14-sender", SENDERS),
  };
}
