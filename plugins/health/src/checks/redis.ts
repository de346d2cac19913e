import { notWell } from "../errors.ts";
import type { Address, CheckFunction } from "../types.ts";
import { readUntil, withSocket } from "./address.ts";

/** Refusals of a server that is there and well: it wants to know first who asks. */
const WELL = /^(\+PONG|-NOAUTH|-NOPERM|-ERR operation not permitted)/;

/** Asks for `PING`. A server that loads its data, or has lost its master, is not well. */
export function redisCheck(address: Address): CheckFunction {
  return ({ signal }) =>
    withSocket(address, signal, async (socket) => {
      socket.write("PING\r\n");
      const line = (await readUntil(socket, (bytes) => bytes.includes("\r\n"), 4096))
        .toString("latin1")
        .split("\r\n", 1)[0] as string;
      if (!WELL.test(line)) throw notWell(`it answers PING with ${line.slice(0, 200)}`);
    });
}
