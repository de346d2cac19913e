import { startTestHub, waitFor } from "@elpis/testing";
import { expect, test } from "vitest";
import { __IDENTIFIER__Plugin } from "../src/index.js";

test("counts, and tells a worker", async () => {
  const kit = await startTestHub({ plugins: [__IDENTIFIER__Plugin({ intervalMs: 10 })] });
  try {
    const worker = await kit.join({ name: "web" });
    const count = () => worker.request("__ID__.count", {});
    await waitFor(async () => Number(await count()) >= 2, { what: "two counts" });
  } finally {
    await kit.close();
  }
});

test("refuses an option that there is not", async () => {
  const wrong = __IDENTIFIER__Plugin({ intervallMs: 10 } as never);
  await expect(startTestHub({ plugins: [wrong] })).rejects.toMatchObject({
    code: "ELPIS_PLUGIN_OPTIONS",
  });
});
