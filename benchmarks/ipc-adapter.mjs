// Elpis as a peer of a messaging benchmark: this one's, or any other that keeps the same contract.
//
//   startHub(context) -> { close() }                    in the hub's process
//     context.dir              a private directory      context.HUB    the hub's own address
//     context.onRequest(payload) -> payload             answers what is asked of the hub itself
//   connect(context, id, handlers) -> client            in a client's process; settles once the hub knows the client
//     handlers: onRequest(payload) -> payload, onMessage(payload), onPublish(payload)
//     client: request(to, payload), send(to, payload), publish(payload), subscribe(), close()
//     `to` is the `id` of a client or context.HUB; a promise from send or publish asks the producer to wait
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const REQUEST = "bench.request";
const MESSAGE = "bench.message";
const PUBLICATION = "bench.publication";
/** Asked of the hub's own client: when the answer is here, the hub has taken in all that was said before. */
const SYNC = "bench.sync";
const NAME = "bench";

let core;
const load = async () => {
  core ??= await import("@elpis/core");
  return core;
};

const addressFile = (context) => join(context.dir, "elpis.json");

/** Read once in each process, however many clients it has. */
let address;
async function readAddress(context) {
  address ??= readFile(addressFile(context), "utf8").then(JSON.parse);
  return await address;
}

async function startHub(context) {
  const { createHub, createLogger } = await load();
  const hub = await createHub({
    name: NAME,
    dir: join(context.dir, "hub"),
    log: createLogger({ level: "warn" }),
  });
  hub.client.handle(REQUEST, context.onRequest);
  hub.client.handle(SYNC, () => null);
  const { path, secret, client } = hub;
  const text = JSON.stringify({ path, secret, hubId: client.location.id });
  await writeFile(addressFile(context), text, { mode: 0o600 });
  return { close: () => hub.close() };
}

async function connect(context, id, handlers) {
  const { connect: dial } = await load();
  const { path, secret, hubId } = await readAddress(context);
  const client = await dial({ path, secret, location: { name: NAME, index: id } });
  client.handle(REQUEST, handlers.onRequest);
  client.on(MESSAGE, handlers.onMessage);

  // Naming a peer by its number alone is the shortest way through the hub; the options are made once for each target.
  const toHub = { to: { id: hubId } };
  const targets = new Map([[context.HUB, toHub]]);
  const find = async (target) => {
    const [peer] = await client.peers({ name: NAME, index: target });
    if (peer === undefined) throw new Error(`client ${target} is not there`);
    const options = { to: { id: peer.id } };
    targets.set(target, options);
    return options;
  };
  const sync = () => client.request(SYNC, null, toHub);
  await sync();

  return {
    request: (to, payload) => {
      const target = targets.get(to);
      if (target !== undefined) return client.request(REQUEST, payload, target);
      return find(to).then((found) => client.request(REQUEST, payload, found));
    },
    send: (to, payload) => {
      const target = targets.get(to);
      if (target !== undefined) return client.emit(MESSAGE, payload, target);
      return find(to).then((found) => client.emit(MESSAGE, payload, found));
    },
    publish: (payload) => client.emit(PUBLICATION, payload),
    subscribe: async () => {
      client.on(PUBLICATION, handlers.onPublish);
      await sync();
    },
    close: () => client.close(),
  };
}

export default {
  name: "ours",
  group: "ours",
  title: "Elpis",
  processes: "spawn",
  hubEndpoint: true,
  workloads: ["W1", "W2", "W3", "W4", "W5", "W6", "W7"],
  payloads: ["s100", "s1k", "b64k"],
  /** Why it cannot run, or null. */
  async check() {
    try {
      const { createHub } = await load();
      if (typeof createHub === "function") return null;
    } catch (error) {
      if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    }
    return "@elpis/core is not built: run npm run build";
  },
  startHub,
  connect,
};
