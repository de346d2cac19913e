import { hub, newStats } from "./topics.ts";

const REPORT_MS = 5000;

const stats = newStats();

hub.handle("shop.stats", () => stats);

hub.on("shop.warm", ({ sku }) => {
  stats.warmed += 1;
  console.log(`warmed ${sku}`);
});

setInterval(() => {
  report().catch((error: Error) => console.error(`no report: ${error.message}`));
}, REPORT_MS);

async function report(): Promise<void> {
  const answers = await hub.map("shop.stats", {}, { to: { name: "web" }, timeoutMs: 1000 });
  const web = answers.flatMap((one) => (one.ok ? [one.value] : []));
  const requests = web.reduce((sum, one) => sum + one.requests, 0);
  const views = web.flatMap((one) => Object.values(one.views)).reduce((sum, one) => sum + one, 0);
  console.log(`${web.length} web processes, requests so far: ${requests}, prices shown: ${views}`);
}
