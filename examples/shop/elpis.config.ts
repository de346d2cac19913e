import { defineConfig } from "elpis";

export default defineConfig({
  name: "shop",
  // Owns the prices: one process, started before the others, so that there is one truth.
  agent: "./agent.ts",
  processes: {
    // Two processes that share one port. Ready means that it listens.
    web: { entry: "./web.ts", scale: 2, ready: "listen" },
    // Started once the web is ready, stopped before it.
    background: { entry: "./background.ts", dependsOn: ["web"] },
  },
});
