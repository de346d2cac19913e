// node:child_process with its default serialization, JSON: the parent is the hub and passes messages on.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { fromJson, toJson } from "../lib/payloads.mjs";

function startHub(context) {
  const children = new Map();
  const subscribers = new Set();
  const take = (from, message) => {
    if (message.kind === "publish") for (const child of subscribers) child.send(message);
    else if (message.kind === "subscribe") {
      subscribers.add(children.get(from));
      children.get(from).send({ kind: "ok" });
    } else if (message.kind === "request" && message.to === context.HUB) {
      const body = toJson(context.onRequest(fromJson(message.body)));
      children.get(from).send({ kind: "reply", call: message.call, body });
    } else if (message.kind !== "written") children.get(message.to).send(message);
  };
  for (let id = 1; id <= context.clients; id++) {
    const child = fork(fileURLToPath(context.roleFile), [], {
      env: context.envFor(id),
      execArgv: [],
    });
    child.on("message", (message) => take(id, message));
    children.set(id, child);
  }
  return {
    close: () => {
      for (const child of children.values()) if (child.connected) child.disconnect();
    },
  };
}

/** Sends to the parent; a promise when the channel has a backlog, until that has been written. */
function sender() {
  let backlog;
  return (message) => {
    if (process.send(message) || backlog !== undefined) return backlog;
    backlog = new Promise((resolve) => {
      process.send({ kind: "written" }, undefined, undefined, () => {
        backlog = undefined;
        resolve();
      });
    });
    return backlog;
  };
}

async function connect(_context, id, handlers) {
  const send = sender();
  const waiting = new Map();
  let calls = 0;
  const wait = (message) =>
    new Promise((resolve) => {
      waiting.set(message.call, resolve);
      send(message);
    });
  const settle = (call, value) => {
    waiting.get(call)(value);
    waiting.delete(call);
  };

  process.on("message", (message) => {
    const body = fromJson(message.body);
    if (message.kind === "reply") settle(message.call, body);
    else if (message.kind === "ok") settle(undefined);
    else if (message.kind === "message") handlers.onMessage(body);
    else if (message.kind === "publish") handlers.onPublish(body);
    else if (message.kind === "request") {
      const answer = toJson(handlers.onRequest(body));
      send({ kind: "reply", to: message.from, call: message.call, body: answer });
    }
  });
  return {
    request: (to, body) =>
      wait({ kind: "request", to, from: id, call: ++calls, body: toJson(body) }),
    send: (to, body) => send({ kind: "message", to, body: toJson(body) }),
    publish: (body) => send({ kind: "publish", body: toJson(body) }),
    subscribe: () => wait({ kind: "subscribe" }),
    close: () => {},
  };
}

export default {
  name: "process-send",
  processes: "hub-forks",
  check: async () => null,
  startHub: async (context) => startHub(context),
  connect,
};
