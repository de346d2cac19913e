// node-ipc 9.2.1 as its readme shows it: JSON text, a server that emits to sockets. Exactly this version: some later
// ones carry code that damages files.

import { endpoint } from "../lib/control.mjs";
import { ensureRival, rivalEntry } from "../lib/install.mjs";
import { fromJson, toJson } from "../lib/payloads.mjs";

const VERSION = "9.2.1";

async function create() {
  const { default: nodeIpc } = await import(rivalEntry("node-ipc", "node-ipc.js").href);
  const ipc = new nodeIpc.IPC();
  Object.assign(ipc.config, { silent: true, stopRetrying: true, maxConnections: 2000 });
  return ipc;
}

async function startHub(context) {
  const ipc = await create();
  const sockets = new Map();
  const subscribers = new Set();
  const to = (socket, kind, message) => ipc.server.emit(socket, kind, message);
  const routes = {
    hello: (message, socket) => {
      sockets.set(message.from, socket);
      to(socket, "ok", {});
    },
    subscribe: (_message, socket) => {
      subscribers.add(socket);
      to(socket, "ok", {});
    },
    publish: (message) => {
      for (const socket of subscribers) to(socket, "publish", message);
    },
    request: (message, socket) => {
      if (message.to !== context.HUB) to(sockets.get(message.to), "request", message);
      else {
        const body = toJson(context.onRequest(fromJson(message.body)));
        to(socket, "reply", { call: message.call, body });
      }
    },
    reply: (message) => to(sockets.get(message.to), "reply", message),
    message: (message) => to(sockets.get(message.to), "message", message),
  };
  await new Promise((resolve) => {
    ipc.serve(endpoint(context.dir, "node-ipc"), resolve);
    for (const [kind, route] of Object.entries(routes)) ipc.server.on(kind, route);
    ipc.server.start();
  });
  return { close: () => ipc.server.stop() };
}

/** The back-pressure of a socket as one shared promise: undefined while it takes more. */
function drained(socket) {
  let draining;
  return () => {
    if (!socket.writableNeedDrain) return undefined;
    draining ??= new Promise((resolve) => {
      socket.once("drain", () => {
        draining = undefined;
        resolve();
      });
    });
    return draining;
  };
}

async function connect(context, id, handlers) {
  const ipc = await create();
  const name = `hub-${id}`;
  const hub = await new Promise((resolve) => {
    ipc.connectTo(name, endpoint(context.dir, "node-ipc"), () => {
      ipc.of[name].on("connect", () => resolve(ipc.of[name]));
    });
  });
  const waiting = new Map();
  let calls = 0;
  const wait = (kind, message) =>
    new Promise((resolve) => {
      waiting.set(message.call, resolve);
      hub.emit(kind, message);
    });
  const settle = (message) => {
    waiting.get(message.call)(fromJson(message.body));
    waiting.delete(message.call);
  };

  hub.on("ok", settle);
  hub.on("reply", settle);
  hub.on("message", (message) => handlers.onMessage(fromJson(message.body)));
  hub.on("publish", (message) => handlers.onPublish(fromJson(message.body)));
  hub.on("request", ({ from, call, body }) => {
    hub.emit("reply", { to: from, call, body: toJson(handlers.onRequest(fromJson(body))) });
  });
  await wait("hello", { from: id });

  const flow = drained(hub.socket);
  const put = (kind, message) => {
    hub.emit(kind, message);
    return flow();
  };
  return {
    request: (to, body) => wait("request", { to, from: id, call: ++calls, body: toJson(body) }),
    send: (to, body) => put("message", { to, body: toJson(body) }),
    publish: (body) => put("publish", { body: toJson(body) }),
    subscribe: () => wait("subscribe", {}),
    close: () => ipc.disconnect(name),
  };
}

export default {
  name: "node-ipc",
  processes: "spawn",
  check: (host) => ensureRival({ name: "node-ipc", version: VERSION, ...host }),
  startHub,
  connect,
};
