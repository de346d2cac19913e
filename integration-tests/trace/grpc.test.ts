import type { TraceDetails } from "@elpis/api";
import { expect, it } from "vitest";
import { only, problemsOf, spansOf } from "./checks.ts";
import { startPairs } from "./pairs.ts";
import { FORMS, type Form } from "./shop.ts";

/** The call at both sides, each where it belongs, and what was done for it. */
function callOf(trace: TraceDetails, form: Form, method: string) {
  expect(problemsOf(trace)).toEqual([]);
  const tags = { "rpc.system": "grpc", "rpc.service": "shop.Stock", "rpc.method": method };
  const [root] = trace.tree;
  expect(root).toMatchObject({ process: `web-${form}.0`, kind: "server", status: "unset" });
  const asked = only(spansOf(trace, `web-${form}`), (span) => span !== root);
  expect(asked).toMatchObject({ kind: "client", parentSpanId: root?.spanId, tags });
  const inStock = spansOf(trace, `stock-${form}`);
  const answered = only(inStock, ({ kind }) => kind === "server");
  expect(answered).toMatchObject({ parentSpanId: asked.spanId, tags });
  const counted = inStock.filter((span) => span !== answered);
  for (const span of counted) {
    expect(span).toMatchObject({ name: "count", parentSpanId: answered.spanId });
  }
  return { sides: [asked, answered], counted };
}

it("a call by gRPC is of the trace of whoever asked, at both sides", async () => {
  const get = await startPairs("grpc", ["esm", "cjs", "stock-esm", "stock-cjs"]);
  const askAll = async (form: Form) => {
    const one = await get(form, "/left/tea", 4);
    expect(JSON.parse(one.text)).toEqual({ sku: "tea", left: 99 });
    expect(one.trace).toMatchObject({ status: "normal", errors: 0 });
    const call = callOf(one.trace, form, "Left");
    expect(call.counted).toHaveLength(1);
    for (const span of call.sides) {
      expect(span).toMatchObject({ status: "unset", tags: { "rpc.grpc.status_code": 0 } });
    }

    const failed = await get(form, "/left/cake", 4);
    expect(JSON.parse(failed.text)).toEqual({ code: 13, details: "nobody counts cake" });
    expect(failed.trace).toMatchObject({ status: "error", errors: 2 });
    for (const span of callOf(failed.trace, form, "Left").sides) {
      expect(span).toMatchObject({ status: "error", tags: { "rpc.grpc.status_code": 13 } });
    }

    const stream = await get(form, "/each/tea/cake", 5);
    expect(JSON.parse(stream.text)).toHaveLength(2);
    expect(stream.trace).toMatchObject({ status: "normal", errors: 0 });
    expect(callOf(stream.trace, form, "Each").counted).toHaveLength(2);
  };
  await Promise.all(FORMS.map(askAll));
});
