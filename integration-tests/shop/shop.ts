import { fileURLToPath } from "node:url";
import { ElpisHome, type Running } from "../support/elpis.ts";
import { freePort } from "../support/port.ts";

/** The example, where a reader finds it. */
const SHOP_DIR: string = fileURLToPath(new URL("../../examples/shop", import.meta.url));

/** A shop that runs in the foreground in a home of its own. */
export interface Shop {
  readonly home: ElpisHome;
  readonly port: number;
  readonly url: string;
  readonly run: Running;
}

/** Starts the shop and waits until it is up. */
export async function openShop(home?: ElpisHome, wantedPort?: number): Promise<Shop> {
  const place = home ?? (await ElpisHome.create());
  const port = wantedPort ?? (await freePort());
  const run = place.spawn(["run"], { cwd: SHOP_DIR, env: { PORT: String(port) } });
  await run.printed("shop is up");
  return { home: place, port, url: `http://127.0.0.1:${port}`, run };
}

/** What `elpis ps --json` shows of the shop. */
export interface Row {
  readonly pid?: number;
  readonly name: string;
  readonly role: string;
  readonly index: number;
  readonly state: string;
  readonly restarts: number;
  readonly epoch: number;
  readonly uptimeMs: number;
  readonly rssBytes?: number;
}

/** The processes of the shop, its master first. */
export async function processesOfShop(home: ElpisHome): Promise<Row[]> {
  return (await home.json<{ processes: Row[] }>(["ps", "shop"])).processes;
}
