import { metrics } from "@elpis/metrics";
import { defineConfig } from "elpis";

export default defineConfig({
  name: "__ID__",
  processes: {
    web: { entry: "./web.js", scale: 2, ready: "listen" },
  },
  plugins: [metrics()],
});
