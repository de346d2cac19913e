import net from "node:net";
import type { SocketName } from "./port-messages.ts";

/** What a port is asked for with. */
export interface Address {
  /** An IP address; undefined: every interface. */
  readonly address: string | undefined;
  readonly port: number;
  readonly ipv6Only: boolean;
  /** Whether others of this user may bind the port as well. */
  readonly reusePort: boolean;
}

/** One connection as Node's own handle. Nothing is read from it before a socket is made of it. */
export interface ConnectionHandle {
  getpeername(out: { address?: string }): number;
  close(): void;
}

/** A socket that is bound and does not listen; this process may, or whoever it is sent to. */
export interface BoundHandle {
  /** What `child.send` is given. */
  readonly raw: object;
  readonly name: SocketName;
  /**
   * Accepts connections in this process; it does not keep the process alive. A connection that could not be accepted is
   * told as undefined. Returns the system's (negative) error number, or 0.
   */
  listen(backlog: number, onConnection: (one: ConnectionHandle | undefined) => void): number;
  close(): void;
}

interface RawHandle {
  onconnection?: (status: number, connection: ConnectionHandle | undefined) => void;
  listen(backlog: number): number;
  getsockname(out: object): number;
  unref(): void;
  close(): void;
}

type CreateServerHandle = (
  address: string,
  port: number,
  addressType: 4 | 6,
  fd: number,
  flags: number,
) => RawHandle | number;

// Node's own way to bind without listening; node:cluster uses it for the same purpose.
const { _createServerHandle } = net as unknown as { _createServerHandle: CreateServerHandle };
const UV_TCP_IPV6ONLY = 1;
const UV_TCP_REUSEPORT = 2;
const NO_FD = -1;

/** Binds a TCP socket. Returns the system's (negative) error number when it cannot. */
export function bindHandle(wanted: Address): BoundHandle | number {
  const { address, port, ipv6Only, reusePort } = wanted;
  const reuse = reusePort ? UV_TCP_REUSEPORT : 0;
  const flags = reuse | (ipv6Only ? UV_TCP_IPV6ONLY : 0);
  if (address !== undefined) return bind(address, port, net.isIPv6(address) ? 6 : 4, flags);
  const dual = bind("::", port, 6, flags);
  // As Node does where there is no IPv6.
  return typeof dual === "number" ? bind("0.0.0.0", port, 4, reuse) : dual;
}

function bind(address: string, port: number, type: 4 | 6, flags: number): BoundHandle | number {
  const raw = _createServerHandle(address, port, type, NO_FD, flags);
  if (typeof raw === "number") return raw;
  // libuv keeps EADDRINUSE until the socket is used; in another process it would be lost, and listen would take any port.
  const name: SocketName = { address, family: `IPv${type}`, port };
  const failed = raw.getsockname(name);
  if (failed !== 0) {
    raw.close();
    return failed;
  }
  return { raw, name, listen: listenWith(raw), close: () => raw.close() };
}

/** A socket that somebody else has bound. Returns the system's (negative) error number when it cannot be used. */
export function wrapHandle(found: object): BoundHandle | number {
  const raw = found as RawHandle;
  const name: SocketName = { address: "", family: "", port: 0 };
  const failed = raw.getsockname(name);
  if (failed === 0) return { raw, name, listen: listenWith(raw), close: () => raw.close() };
  raw.close();
  return failed;
}

function listenWith(raw: RawHandle): BoundHandle["listen"] {
  return (backlog, onConnection) => {
    raw.onconnection = (status, connection) => {
      onConnection(status === 0 ? connection : undefined);
    };
    raw.unref();
    return raw.listen(backlog);
  };
}
