#!/usr/bin/env node
// Time runs out at the caller, at the hub and at the callee, whichever of them is stuck; cancelling reaches the callee.
import { count, counts, now, pause, percentile, until } from "./lib/numbers.mjs";
import { program } from "./lib/program.mjs";

/** What may come on top of a deadline: the clocks of both sides tick every 10 ms. */
const OVERSHOOT_MS = 50;

void program(
  "G15",
  "deadlines hold everywhere, cancelling is told, late answers go nowhere",
  async (run) => {
    const hub = await run.hub();
    const { source } = await hub.load();
    const canary = await hub.canary();
    const client = await run.connect(hub, "caller");
    const callee = run.start("g15-callee");
    const to = { id: await callee.call("begin", { hub: hub.name }) };
    const stage = { run, hub, client, callee, to };

    await atCaller(stage, "hub well");
    await atCaller(stage, "hub frozen", hub.actor);
    await atHub(stage);
    await expiredInLine(stage);
    await expiredWhileBlocked(stage);
    await cancelled(stage);
    await late(stage);
    await nobody(stage);

    run.canaryIsWell("canary", await canary.report());
    const { failed, wrong } = await source.call("report");
    run.exactly("background: requests failed", counts({ ...failed, wrong }), "none");
  },
);

/** The caller's own clock. */
async function atCaller({ run, hub, client, to }, what, frozen) {
  const calls = frozen === undefined ? (run.short ? 100 : 1000) : 50;
  const over = [];
  const codes = {};
  const before = await hub.stats();
  frozen?.freeze();
  const asking = Array.from({ length: calls }, async () => {
    const timeoutMs = 50 + run.random.int(150);
    const began = now();
    count(codes, await codeOf(client.request("g15.hold", 0, { to, timeoutMs })));
    over.push(now() - began - timeoutMs);
  });
  await Promise.all(asking);
  frozen?.thaw();
  await until("the hub to be done with them", async () => {
    // A hub that was frozen has not read them yet when it is thawed: none are open then either.
    const { peers, expired } = await hub.stats();
    const { openCalls } = peers.find(({ id }) => id === to.id);
    return expired >= before.expired + calls && openCalls === 0;
  });
  run.atMost(`caller, ${what}: over the deadline, p99`, percentile(over, 0.99), OVERSHOOT_MS, "ms");
  run.exactly(
    `caller, ${what}: told otherwise`,
    counts({ ...codes, ELPIS_HUB_DEADLINE: 0 }),
    "none",
  );
}

/** The caller is frozen: the hub counts the deadline and tells the callee. */
async function atHub({ run, hub, callee }) {
  const calls = 50;
  const timeoutMs = 300;
  const caller = run.start("g15-caller");
  await caller.call("begin", { hub: hub.name });
  const before = await hub.stats();
  await callee.call("forget");
  const began = now();
  const asking = caller.call("ask", { calls, timeoutMs, to: { name: "callee" } });
  await until("the calls to arrive", async () => (await callee.call("held")) >= calls);
  caller.freeze();
  const aborted = await until("the callee to be told", async () => {
    const times = Object.values(await callee.call("aborted"));
    return times.length >= calls && times;
  });
  caller.thaw();
  const { expired } = await hub.stats();
  run.atMost(
    "hub and callee, caller frozen: over the deadline, p99",
    percentile(aborted, 0.99) - began - timeoutMs,
    OVERSHOOT_MS,
    "ms",
  );
  run.exactly("hub, caller frozen: deadlines counted", expired - before.expired, calls);
  run.exactly(
    "caller, thawed: told otherwise",
    counts({ ...(await asking), ELPIS_HUB_DEADLINE: 0 }),
    "none",
  );
  caller.kill();
}

/** What waits in the callee's own line is not begun when its time is over. */
async function expiredInLine({ run, client, callee, to }) {
  await callee.call("forget");
  const first = client.request("g15.line", 200, { to, timeoutMs: 5000 });
  const rest = Array.from({ length: 50 }, () =>
    codeOf(client.request("g15.line", 0, { to, timeoutMs: 50 })),
  );
  const codes = {};
  for (const code of await Promise.all(rest)) count(codes, code);
  await first;
  run.exactly("callee: expired in line, and run", (await callee.call("runs")) - 1, 0);
  run.exactly(
    "callee: expired in line, told otherwise",
    counts({ ...codes, ELPIS_HUB_DEADLINE: 0 }),
    "none",
  );
}

/** Nor what came while it could not read. */
async function expiredWhileBlocked({ run, client, callee, to }) {
  await callee.call("forget");
  await callee.call("block", 300);
  await pause(20);
  const rest = Array.from({ length: 50 }, () =>
    codeOf(client.request("g15.run", 0, { to, timeoutMs: 50 })),
  );
  await Promise.all(rest);
  await client.request("g15.mark", 0, { to, timeoutMs: 5000 });
  run.exactly("callee: expired while its loop was blocked, and run", await callee.call("runs"), 0);
}

async function cancelled({ run, client, callee, to }) {
  const rounds = run.short ? 10 : 100;
  const codes = {};
  const took = [];
  for (let round = 0; round < rounds; round++) {
    await callee.call("forget");
    const aborts = Array.from({ length: 20 }, () => new AbortController());
    const calls = aborts.map(({ signal }, i) =>
      codeOf(client.request("g15.hold", i, { to, signal })),
    );
    await client.request("g15.mark", 0, { to });
    const began = now();
    for (const abort of aborts) abort.abort();
    for (const code of await Promise.all(calls)) count(codes, code);
    const aborted = await until("the callee to be told", async () => {
      const times = Object.values(await callee.call("aborted"));
      return times.length === calls.length && times;
    });
    took.push(...aborted.map((at) => at - began));
  }
  run.atMost("cancelled callee told, p99", percentile(took, 0.99), 20, "ms");
  run.exactly("cancelled: told otherwise", counts({ ...codes, ELPIS_HUB_CANCELLED: 0 }), "none");
}

/** The callee answers when nobody waits any more. */
async function late({ run, hub, client, to }) {
  const calls = run.short ? 10 : 50;
  const before = await hub.stats();
  const codes = {};
  for (let i = 0; i < calls; i++) {
    count(codes, await codeOf(client.request("g15.slow", 60, { to, timeoutMs: 20 })));
    await client.request("g15.mark", 0, { to });
  }
  const after = await hub.stats();
  run.exactly("late answers: told otherwise", counts({ ...codes, ELPIS_HUB_DEADLINE: 0 }), "none");
  run.exactly("late answers: counted by the hub", after.late - before.late, calls);
}

async function nobody({ run, client }) {
  const codes = {};
  const took = [];
  for (let i = 0; i < (run.short ? 300 : 3000); i++) {
    const began = now();
    count(codes, await codeOf(client.request("g15.nobody", i)));
    took.push(now() - began);
  }
  run.atMost("no responder: told, p99", percentile(took, 0.99), 5, "ms");
  run.exactly(
    "no responder: told otherwise",
    counts({ ...codes, ELPIS_HUB_NO_RESPONDER: 0 }),
    "none",
  );
}

async function codeOf(call) {
  try {
    await call;
    return "answered";
  } catch (error) {
    return error.code ?? String(error);
  }
}
