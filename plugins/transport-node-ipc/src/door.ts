import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { hasCode, type Logger } from "@elpis/api";
import { connect } from "@elpis/core";
import { Admission, type Identity, NONCE_BYTES } from "./admission.ts";
import type { IpcServer } from "./bounded-server.ts";
import { Counters, type DoorStats } from "./counters.ts";
import { type HubEndpoint, prepareSocket, readHub } from "./endpoint.ts";
import { invalid, notAuthentic, tooMany } from "./errors.ts";
import { Guest, type GuestLine } from "./guest.ts";
import { createIpcServer } from "./ipc-server.ts";
import { AUTH_MS, type DoorLimits, FAREWELL_MS, MAX_CALLS, MAX_HALF_OPEN } from "./limits.ts";
import { type Fields, isFields, isFromClient } from "./messages.ts";

/** Characters of a reason. */
const MAX_REASON = 400;

/** One connection, from its first byte to its last. */
interface Seat {
  readonly socket: Socket;
  readonly admission: Admission;
  readonly timer: NodeJS.Timeout;
  /** Proved, and on its way into the hub. */
  isJoining: boolean;
  /** It was told goodbye: what still comes is not read. */
  isOver: boolean;
  /** Its place in the hub, from its welcome to its goodbye. */
  guest: Guest | undefined;
}

/** The way in for processes that speak node-ipc. */
export class Door {
  readonly #hub: HubEndpoint;
  readonly #limits: DoorLimits;
  readonly #log: Logger;
  readonly #seats = new Map<Socket, Seat>();
  readonly #counters = new Counters();
  readonly #leaving = new Set<Promise<void>>();
  #server: IpcServer | undefined;
  #isClosing = false;

  constructor(hub: HubEndpoint, limits: DoorLimits, log: Logger) {
    this.#hub = hub;
    this.#limits = limits;
    this.#log = log;
  }

  /** Opens the door of the hub in `dir`. @throws ELPIS_NODE_IPC_*, ELPIS_HUB_UNSAFE_DIR */
  static async open(dir: string, limits: DoorLimits, log: Logger): Promise<Door> {
    const door = new Door(readHub(dir), limits, log);
    const { path } = prepareSocket(dir);
    door.#server = await createIpcServer(path, limits, {
      onConnect: (socket) => door.#onConnect(socket),
      onMessage: (socket, type, data) => door.#onMessage(socket, type, data),
      onViolation: (code) => door.#counters.closed(code),
    });
    await door.#server.start();
    return door;
  }

  stats(): DoorStats {
    const joined = [...this.#seats.values()].filter(({ guest }) => guest !== undefined).length;
    return { ...this.#counters, joined, halfOpen: this.#halfOpen };
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    for (const seat of this.#seats.values()) {
      this.#goodbye(seat, "ELPIS_HUB_CLOSED", "the hub is being closed");
    }
    await Promise.all(this.#leaving);
    await this.#server?.stop();
  }

  #onConnect(socket: Socket): void {
    if (this.#isClosing || this.#halfOpen >= MAX_HALF_OPEN) {
      this.#counters.closed(tooMany("unproved connections", MAX_HALF_OPEN).code);
      socket.destroy();
      return;
    }
    const seat: Seat = {
      socket,
      admission: new Admission(this.#hub.secret, randomBytes(NONCE_BYTES)),
      timer: setTimeout(() => this.#refuse(seat, notAuthentic("it took too long")), AUTH_MS),
      isJoining: false,
      isOver: false,
      guest: undefined,
    };
    this.#seats.set(socket, seat);
    socket.once("close", () => this.#onGone(seat));
  }

  #onMessage(socket: Socket, type: string, data: unknown): void {
    const seat = this.#seats.get(socket);
    if (seat === undefined || seat.isOver) return;
    try {
      if (!isFromClient(type)) throw invalid(`${JSON.stringify(type.slice(0, 64))} is not known`);
      if (!isFields(data)) throw invalid(`${type} without fields`);
      if (type === "elpis.leave") this.#goodbye(seat, "ELPIS_HUB_CLOSED", "the client left");
      else if (seat.guest !== undefined) seat.guest.take(type, data);
      else this.#admit(seat, type, data);
    } catch (error) {
      this.#refuse(seat, error);
    }
  }

  #admit(seat: Seat, type: Parameters<Admission["step"]>[0], data: Fields): void {
    if (seat.isJoining) throw invalid(`${type} before welcome`);
    const step = seat.admission.step(type, data);
    if (step.type === "send") return this.#server?.send(seat.socket, step.name, step.data);
    seat.isJoining = true;
    clearTimeout(seat.timer);
    this.#join(seat, step.identity).catch((error: unknown) => this.#refuse(seat, error));
  }

  async #join(seat: Seat, location: Identity): Promise<void> {
    const { socket } = seat;
    const client = await connect({ ...this.#hub, location, log: this.#log, reconnect: false });
    if (seat.isOver || socket.destroyed) return client.close();
    seat.guest = new Guest(client, this.#line(seat), this.#counters);
    client.closed.then((cause) => {
      if (cause !== undefined) this.#refuse(seat, cause);
    });
    const { maxMessageBytes } = this.#limits;
    const welcome = { location: client.location, maxMessageBytes, maxCalls: MAX_CALLS };
    this.#server?.send(socket, "elpis.welcome", welcome);
  }

  #line(seat: Seat): GuestLine {
    const { socket } = seat;
    return {
      get queuedBytes() {
        return socket.writableLength;
      },
      send: (name, data) => {
        if (!seat.isOver && !socket.destroyed) this.#server?.send(socket, name, data);
      },
      hold: (isHeld) => void (isHeld ? socket.pause() : socket.resume()),
      fail: (error) => this.#refuse(seat, error),
    };
  }

  /** Ends a connection whose client did something wrong. */
  #refuse(seat: Seat, error: unknown): void {
    if (seat.isOver || seat.socket.destroyed) return;
    const { message } = error as Error;
    const code = hasCode(error) ? error.code : "ELPIS_NODE_IPC_INVALID";
    this.#counters.closed(code);
    this.#log.warn("a client of node-ipc was disconnected", { code, message });
    this.#goodbye(seat, code, message);
  }

  #goodbye(seat: Seat, code: string, reason: string): void {
    const { socket } = seat;
    if (seat.isOver || socket.destroyed) return;
    seat.isOver = true;
    clearTimeout(seat.timer);
    const data = { code, reason: reason.slice(0, MAX_REASON) };
    this.#server?.send(socket, "elpis.goodbye", data);
    this.#leaveHub(seat);
    // Its own end is waited for: whatever it still writes would fail otherwise, and a socket that fails to write is closed
    // with all that was not read from it, the goodbye too.
    socket.end();
    socket.resume();
    const timer = setTimeout(() => socket.destroy(), FAREWELL_MS);
    socket.once("close", () => clearTimeout(timer));
  }

  #onGone(seat: Seat): void {
    clearTimeout(seat.timer);
    this.#seats.delete(seat.socket);
    this.#leaveHub(seat);
  }

  #leaveHub(seat: Seat): void {
    const { guest } = seat;
    if (guest === undefined) return;
    seat.guest = undefined;
    const leaving = guest.leave().finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }

  get #halfOpen(): number {
    let count = 0;
    for (const { guest, isOver } of this.#seats.values()) {
      if (guest === undefined && !isOver) count++;
    }
    return count;
  }
}
