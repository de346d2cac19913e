import net from "node:net";

/** What a port is asked for with. */
export interface Address {
  /** An IP address; undefined: every interface. */
  readonly address: string | undefined;
  readonly port: number;
  readonly ipv6Only: boolean;
}

/** A socket that is bound and does not listen; whoever it is sent to may. */
export interface BoundHandle {
  /** What `child.send` is given. */
  readonly raw: object;
  readonly port: number;
  close(): void;
}

interface RawHandle {
  getsockname(out: { port?: number }): number;
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
const NO_FD = -1;

/** Binds a TCP socket. Returns the system's (negative) error number when it cannot. */
export function bindHandle(wanted: Address): BoundHandle | number {
  const { address, port, ipv6Only } = wanted;
  const flags = ipv6Only ? UV_TCP_IPV6ONLY : 0;
  if (address !== undefined) return bind(address, port, net.isIPv6(address) ? 6 : 4, flags);
  const dual = bind("::", port, 6, flags);
  // As Node does where there is no IPv6.
  return typeof dual === "number" ? bind("0.0.0.0", port, 4, 0) : dual;
}

function bind(address: string, port: number, type: 4 | 6, flags: number): BoundHandle | number {
  const raw = _createServerHandle(address, port, type, NO_FD, flags);
  if (typeof raw === "number") return raw;
  // libuv keeps EADDRINUSE until the socket is used; in another process it would be lost, and listen would take any port.
  const bound: { port?: number } = {};
  const failed = raw.getsockname(bound);
  if (failed !== 0) {
    raw.close();
    return failed;
  }
  return { raw, port: bound.port ?? port, close: () => raw.close() };
}
