// The practical limit of plain Node with a hub in between: a Unix socket (a named pipe on Windows), a fixed binary
// header, payloads forwarded undecoded, one coalesced write per tick, msgpackr at the two ends. It promises nothing: no
// deadlines, no identity, no limits, no answer when a peer dies.
import { once } from "node:events";
import net from "node:net";
import { endpoint } from "../lib/control.mjs";
import { decode, head, Outbox, reader } from "./limit-wire.mjs";

const [HELLO, SUBSCRIBE, REQUEST, REPLY, MESSAGE, PUBLISH] = [1, 2, 3, 4, 5, 6];

async function startHub(context) {
  const outboxes = [];
  const subscribers = [];
  const server = net.createServer((socket) => {
    const own = new Outbox(socket);
    const put = (outbox, chunk, start, end) => {
      outbox.forward(chunk, start, end);
      const full = outbox.full;
      if (full === undefined || socket.isPaused()) return;
      socket.pause();
      full.finally(() => socket.resume()).catch(() => {});
    };
    const serve = (chunk, start) => {
      const kind = head.kind(chunk, start);
      const from = head.from(chunk, start);
      const call = head.call(chunk, start);
      if (kind === HELLO) outboxes[from] = own;
      else if (kind === SUBSCRIBE) subscribers.push(own);
      const payload = decode(chunk, start);
      own.encode(REPLY, from, 0, call, kind === REQUEST ? context.onRequest(payload) : null);
    };
    const onFrame = (chunk, start, end) => {
      const to = head.to(chunk, start);
      if (to !== context.HUB) put(outboxes[to], chunk, start, end);
      else if (head.kind(chunk, start) !== PUBLISH) serve(chunk, start);
      else for (const outbox of subscribers) put(outbox, chunk, start, end);
    };
    const onPieces = (pieces) => {
      const to = head.to(pieces[0], 0);
      if (to === context.HUB) {
        const whole = Buffer.concat(pieces);
        onFrame(whole, 0, whole.length);
      } else for (const piece of pieces) put(outboxes[to], piece, 0, piece.length);
    };
    socket.on("data", reader(onFrame, onPieces));
    socket.on("error", () => socket.destroy());
  });
  server.listen({ path: endpoint(context.dir, "limit"), backlog: 511 });
  await once(server, "listening");
  return { close: () => server.close() };
}

async function connect(context, id, handlers) {
  const socket = net.connect(endpoint(context.dir, "limit"));
  await once(socket, "connect");
  const out = new Outbox(socket);
  const waiting = [];
  const free = [];
  const ask = (kind, to, payload) =>
    new Promise((resolve) => {
      const call = free.pop() ?? waiting.length;
      waiting[call] = resolve;
      out.encode(kind, to, id, call, payload);
    });
  const onFrame = (chunk, start) => {
    const kind = head.kind(chunk, start);
    const call = head.call(chunk, start);
    const payload = decode(chunk, start);
    if (kind === REQUEST) {
      out.encode(REPLY, head.from(chunk, start), id, call, handlers.onRequest(payload));
    } else if (kind === MESSAGE) handlers.onMessage(payload);
    else if (kind === PUBLISH) handlers.onPublish(payload);
    else {
      free.push(call);
      waiting[call](payload);
    }
  };
  socket.on(
    "data",
    reader(onFrame, (pieces) => onFrame(Buffer.concat(pieces), 0)),
  );
  socket.on("error", () => socket.destroy());
  await ask(HELLO, context.HUB, null);
  const put = (kind, to, payload) => {
    out.encode(kind, to, id, 0, payload);
    return out.full;
  };
  return {
    request: (to, payload) => ask(REQUEST, to, payload),
    send: (to, payload) => put(MESSAGE, to, payload),
    publish: (payload) => put(PUBLISH, context.HUB, payload),
    subscribe: () => ask(SUBSCRIBE, context.HUB, null),
    close: () => socket.destroy(),
  };
}

export default {
  name: "limit",
  processes: "spawn",
  check: async () => null,
  startHub,
  connect,
};
