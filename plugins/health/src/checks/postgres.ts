import { notWell } from "../errors.ts";
import type { Address, CheckFunction } from "../types.ts";
import { readUntil, withSocket } from "./address.ts";

const PROTOCOL_3 = 196_608;
/** States in which it lets nobody in: starting, shutting down, in recovery, without a free connection. */
const NOT_WELL = /^(57P0[1-5]|53\d{3}|08\d{3}|XX\d{3}|58\d{3})$/;

/** What the server is asked for. */
export interface PostgresTarget {
  readonly address: Address;
  readonly user: string;
  readonly database: string;
}

/**
 * Begins a session, as far as it goes without a password. That the user is not let in, or the database is not there, is
 * an answer of a server that is well.
 */
export function postgresCheck({ address, user, database }: PostgresTarget): CheckFunction {
  return ({ signal }) =>
    withSocket(address, signal, async (socket) => {
      socket.write(startup({ user, database, application_name: "elpis-health" }));
      const answer = await readUntil(socket, isWhole);
      if (answer[0] === code("E")) {
        const { sqlState, message } = readError(answer);
        if (NOT_WELL.test(sqlState)) throw notWell(`${message} (${sqlState})`, { sqlState });
      } else if (answer[0] !== code("R")) {
        throw notWell("what answers there is not PostgreSQL");
      }
      // Terminate, so that it does not log a client that has vanished.
      socket.end(Buffer.from([code("X"), 0, 0, 0, 4]));
    });
}

function startup(parameters: Readonly<Record<string, string>>): Buffer {
  const text = Object.entries(parameters)
    .map(([name, value]) => `${name}\0${value}\0`)
    .join("");
  const body = Buffer.from(`${text}\0`, "utf8");
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 8, 0);
  head.writeInt32BE(PROTOCOL_3, 4);
  return Buffer.concat([head, body]);
}

/** One message: a letter, its length without the letter, and what it says. Anything else is known by its first byte. */
function isWhole(bytes: Buffer): boolean {
  if (bytes[0] !== code("E") && bytes[0] !== code("R")) return bytes.length > 0;
  return bytes.length >= 5 && bytes.length >= 1 + Math.min(bytes.readUInt32BE(1), 60_000);
}

/** Fields, each a letter and a text that ends with a zero. */
function readError(bytes: Buffer): { readonly sqlState: string; readonly message: string } {
  const fields = bytes.subarray(5).toString("utf8").split("\0");
  const field = (letter: string): string =>
    fields.find((one) => one.startsWith(letter))?.slice(1, 300) ?? "";
  return { sqlState: field("C"), message: field("M") };
}

function code(letter: string): number {
  return letter.charCodeAt(0);
}
