import { once } from "node:events";
import http2 from "node:http2";
import { expect, it } from "vitest";
import { freePort, waitFor } from "../process/support.ts";
import { startFamily, total } from "./support.ts";

const SESSIONS = 6;
const STREAMS = 20;

/** So many requests at once over a connection of its own. */
async function askAll(port: number): Promise<void> {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  const one = async (): Promise<void> => {
    const stream = session.request({ ":path": "/" });
    stream.resume();
    await once(stream, "end");
  };
  await Promise.all(Array.from({ length: STREAMS }, one));
  await new Promise<void>((resolve) => session.close(resolve));
}

it.each(["kernel", "round-robin"])(
  "HTTP/2 is counted in workers that share a port (%s)",
  async (balance) => {
    const port = await freePort();
    const family = await startFamily({
      "agent.mjs": "",
      "elpis.config.mjs": `import { metrics } from "@elpis/metrics";
        export default { name: "two", agent: "./agent.mjs", plugins: [metrics({ intervalMs: 200 })],
          processes: { web: { entry: "./web.mjs", scale: 2, ready: "listen", env: { PORT: "${port}" }, balance: "${balance}" } } };`,
      "web.mjs": `import { createServer } from "node:http2";
        createServer((_, response) => response.end("hi")).listen(Number(process.env.PORT), "127.0.0.1");`,
    });
    await Promise.all(Array.from({ length: SESSIONS }, () => askAll(port)));
    const filter = { names: ["http.server.responses"], processes: ["web"] };
    const points = await waitFor("all to be counted", async () => {
      const found = await family.points({ filter });
      return total(found, "http.server.responses") === SESSIONS * STREAMS && found;
    });
    expect(points.map(({ tags }) => tags)).toEqual([{ class: "2xx" }]);
  },
);
