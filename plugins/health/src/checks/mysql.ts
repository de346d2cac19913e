import type { Socket } from "node:net";
import { notWell } from "../errors.ts";
import type { Address, CheckFunction } from "../types.ts";
import { readUntil, withSocket } from "./address.ts";

const GREETING = 10;
const ERROR = 0xff;
const AUTH_SWITCH = 0xfe;
/** LONG_PASSWORD, PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH. */
const CAPABILITIES = 0x1 | 0x200 | 0x8000 | 0x80000;
const MAX_PACKET = 0xffffff;
/** What is said before anybody is let in is short. */
const MAX_LENGTH = 16 * 1024;
const UTF8 = 33;

/**
 * Reads the greeting, and answers as a user without a password. That it is not let in is an answer of a server that is
 * well. A client that only read the greeting would be taken for one that failed, and after a hundred of those a server
 * may refuse the whole machine.
 */
export function mysqlCheck(address: Address, user: string): CheckFunction {
  return ({ signal }) =>
    withSocket(address, signal, async (socket) => {
      const packets = new Packets(socket);
      const greeting = await packets.next();
      if (greeting.body[0] === ERROR) throw notWell(errorText(greeting.body));
      if (greeting.body[0] !== GREETING) throw notWell("what answers there is not MySQL");
      packets.send(greeting.sequence + 1, login(user));
      const answer = await packets.next();
      if (answer.body[0] === AUTH_SWITCH) {
        packets.send(answer.sequence + 1, Buffer.alloc(0));
        await packets.next();
      }
      socket.end();
      const end = greeting.body.indexOf(0, 1);
      return { version: greeting.body.subarray(1, Math.min(end, 60)).toString("latin1") };
    });
}

interface Packet {
  readonly sequence: number;
  readonly body: Buffer;
}

/** Three bytes of length, one that counts, and what it says. */
class Packets {
  readonly #socket: Socket;
  #rest: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  async next(): Promise<Packet> {
    const isWhole = (bytes: Buffer): boolean => {
      if (bytes.length < 4) return false;
      const length = bytes.readUIntLE(0, 3);
      if (length > MAX_LENGTH) throw notWell("what answers there is not MySQL");
      return bytes.length >= 4 + length;
    };
    let bytes = this.#rest;
    if (!isWhole(bytes)) {
      const before = bytes;
      const more = await readUntil(this.#socket, (found) =>
        isWhole(Buffer.concat([before, found])),
      );
      bytes = Buffer.concat([before, more]);
    }
    const end = 4 + bytes.readUIntLE(0, 3);
    this.#rest = bytes.subarray(end);
    return { sequence: bytes[3] as number, body: bytes.subarray(4, end) };
  }

  send(sequence: number, body: Buffer): void {
    const head = Buffer.alloc(4);
    head.writeUIntLE(body.length, 0, 3);
    head[3] = sequence & 0xff;
    this.#socket.write(Buffer.concat([head, body]));
  }
}

function login(user: string): Buffer {
  const head = Buffer.alloc(32);
  head.writeUInt32LE(CAPABILITIES, 0);
  head.writeUInt32LE(MAX_PACKET, 4);
  head[8] = UTF8;
  return Buffer.concat([head, Buffer.from(`${user}\0\0mysql_native_password\0`, "utf8")]);
}

function errorText(body: Buffer): string {
  const number = body.length >= 3 ? body.readUInt16LE(1) : 0;
  return `${body
    .subarray(3, 300)
    .toString("utf8")
    .replace(/^#.{5}/, "")} (${number})`;
}
