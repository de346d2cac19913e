import { isAbsolute, join } from "node:path";
import type { Client, PluginHost } from "@elpis/api";
import {
  type EndpointQuery,
  type ErrorPage,
  endpoints,
  errorEndpoint,
  type MetricsReader,
} from "@elpis/telemetry";
import { cannotListen } from "../errors.ts";
import type { AdminOptions } from "../options.ts";
import { runtimeDirOf, tokenFor, writeAddress } from "../place.ts";
import { type AdminTopics, ERRORS_TOPIC, type ErrorAnswer } from "../topics.ts";
import { EventStreams } from "./events.ts";
import { allRoutes } from "./routes/all.ts";
import { createServer } from "./server.ts";
import { listenOnSocket } from "./socket.ts";

/** Serves until the plugin closes. @throws ELPIS_ADMIN_LISTEN, ELPIS_ADMIN_TOKEN_FILE */
export async function serve(
  host: PluginHost,
  options: AdminOptions,
  metrics: MetricsReader | undefined,
): Promise<void> {
  const { hub, location, log } = host;
  const dir = await runtimeDirOf(hub);
  const { protect = "changes", hosts = [] } = options;
  const socket = socketPath(options, dir);
  const token = tokenFor(options, dir, process.env);
  host.onClose(endpoints(hub).add(errorEndpoint(hub)));
  const client = hub as unknown as Client<AdminTopics>;
  host.onClose(client.handle(ERRORS_TOPIC, (query) => errorsOf(hub, query)));
  const streams = new EventStreams(hub);
  const world = { hub, metrics, since: Date.now() };
  const server = createServer({
    routes: allRoutes(world, streams),
    hub,
    guard: { hosts, isSocket: socket !== undefined, token, protect },
  });
  host.onClose(async () => {
    streams.close();
    await server.close();
  });
  // What does not end would keep this process from leaving.
  const ownId = { id: location.id };
  host.onClose(
    hub.watchPeers(({ type, peer }) => {
      if (type === "changed" && !peer.ready) streams.close();
    }, ownId),
  );
  const { port = 0, host: address = "127.0.0.1" } = options;
  const where = socket ?? `${address}:${port}`;
  try {
    if (socket === undefined) {
      const url = await server.listen({ port, host: address });
      host.onClose(writeAddress(dir, { url, pid: process.pid }));
      log.info(`admin listens on ${url}`);
    } else {
      host.onClose(await listenOnSocket(socket, (path) => server.listen({ path })));
      host.onClose(writeAddress(dir, { socket, pid: process.pid }));
      log.info(`admin listens on ${socket}`);
    }
  } catch (error) {
    throw cannotListen(where, error as Error);
  }
}

async function errorsOf(hub: Client, query: EndpointQuery | undefined): Promise<ErrorAnswer> {
  const { value, absent } = await endpoints(hub).ask("/error", query ?? {});
  return { ...(value as ErrorPage), absent };
}

function socketPath({ socket }: AdminOptions, dir: string): string | undefined {
  if (socket === undefined) return undefined;
  return isAbsolute(socket) || socket.startsWith("\\\\.\\pipe\\") ? socket : join(dir, socket);
}
