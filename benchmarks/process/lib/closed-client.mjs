// As many requests as can be answered, a fixed number at a time, on bare sockets, so that the client costs little. One
// argument, JSON: { port, connections, keepAlive, warmMs, ms, path, end, from }. `end` is how an answer ends. `from` is the
// address it calls from: whoever opens thousands of connections a second runs out of ports on one.
import net from "node:net";

const {
  port,
  connections,
  keepAlive,
  warmMs,
  ms,
  path = "/fast",
  end = "fast\n",
  from,
} = JSON.parse(process.argv[2]);
const head = `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${keepAlive ? "" : "Connection: close\r\n"}\r\n`;
const END = Buffer.from(end);
const OK = Buffer.from("HTTP/1.1 200");
let answered = 0;
let failed = 0;
let isOver = false;

function connect() {
  const socket = net.connect({ host: "127.0.0.1", port, localAddress: from, noDelay: true });
  socket.on("connect", () => socket.write(head));
  return socket;
}

/** The body is the last of an answer, and all answers are alike: when its bytes are there, the answer is. */
function isWhole(bytes) {
  return bytes.length > END.length && bytes.subarray(-END.length).equals(END);
}

function keptAlive() {
  const socket = connect();
  let bytes = Buffer.alloc(0);
  socket.on("data", (piece) => {
    bytes = bytes.length === 0 ? piece : Buffer.concat([bytes, piece]);
    if (!isWhole(bytes)) return;
    if (bytes.subarray(0, 12).equals(OK)) answered++;
    else failed++;
    bytes = Buffer.alloc(0);
    if (!isOver) socket.write(head);
  });
  again(socket, keptAlive);
}

function oneByOne() {
  const socket = connect();
  let isAnswered = false;
  socket.on("data", (piece) => {
    isAnswered ||= piece.subarray(0, 12).equals(OK);
  });
  socket.on("end", () => {
    if (isAnswered) answered++;
    else failed++;
  });
  again(socket, oneByOne);
}

function again(socket, next) {
  socket.on("error", () => failed++);
  socket.on("close", () => {
    if (!isOver) next();
  });
}

for (let i = 0; i < connections; i++) (keepAlive ? keptAlive : oneByOne)();
setTimeout(() => {
  const [before, failedBefore, began] = [answered, failed, performance.now()];
  setTimeout(() => {
    isOver = true;
    const seconds = (performance.now() - began) / 1000;
    const result = {
      rate: (answered - before) / seconds,
      failed: failed - failedBefore,
      total: answered,
    };
    process.send(result, () => process.exit(0));
  }, ms);
}, warmMs);
process.on("disconnect", () => process.exit(0));
