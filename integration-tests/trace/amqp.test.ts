import { describe, expect, it } from "vitest";
import { useDatabases } from "../support/databases.ts";
import { startPairs } from "./pairs.ts";
import { FORMS, type Form } from "./shop.ts";

const servers = await useDatabases("rabbitmq");

/** How an order is placed, and how taking it ends. */
const ORDERS = [
  { path: "/order/tea", status: "unset" },
  { path: "/confirmed/tea", status: "unset" },
  { path: "/order/cake", status: "error" },
] as const;

describe.skipIf(servers.missing !== undefined)("RabbitMQ", () => {
  it("what is taken from a queue is of the trace of whoever put it there", async () => {
    const url = `amqp://guest:guest@127.0.0.1:${servers.port("rabbitmq")}`;
    const get = await startPairs("amqp", FORMS, { url });
    const tags = { "messaging.system": "rabbitmq" };
    const askAll = async (form: Form) => {
      const [web, kitchen] = [`web-${form}.0`, `kitchen-${form}.0`];
      for (const { path, status } of ORDERS) {
        const { trace } = await get(form, path, 4);
        const [root, sent, taken, cooked] = trace.tree;
        expect(trace).toMatchObject({ spans: 4, omitted: 0, errors: status === "error" ? 1 : 0 });
        expect(root).toMatchObject({ process: web, kind: "server", status: "unset" });
        expect(root).not.toHaveProperty("parentSpanId");
        expect(sent).toMatchObject({ process: web, kind: "producer", status: "unset", tags });
        expect(sent?.parentSpanId).toBe(root?.spanId);
        expect(taken).toMatchObject({ process: kitchen, kind: "consumer", status, tags });
        expect(taken).toMatchObject({ name: `orders-${form} process`, parentSpanId: sent?.spanId });
        expect(cooked).toMatchObject({ process: kitchen, name: "cook", status: "unset" });
        expect(cooked?.parentSpanId).toBe(taken?.spanId);
        expect(trace.tree.map(({ state }) => state)).toEqual(Array(4).fill("over"));
        // It is part of the address.
        expect(JSON.stringify(trace)).not.toContain("guest:guest");
      }
    };
    await Promise.all(FORMS.map(askAll));
  });
});
