import type { Location, PeerChange, PeerInfo } from "@elpis/api";
import { describe, expect, test } from "vitest";
import { PeerBook } from "../src/client/peer-book.ts";

const peer = (id: number, name = "web"): Location => ({
  id,
  app: "shop",
  role: "worker",
  name,
  index: id,
  pid: 100 + id,
  epoch: 1,
});
const info = (id: number, ready: boolean, name?: string): PeerInfo => ({
  ...peer(id, name),
  ready,
});

/** A listener and what it heard, as `type name.index ready`. */
function ear(): { heard: string[]; listener: (change: PeerChange) => void } {
  const heard: string[] = [];
  const listener = ({ type, peer: { name, index, ready } }: PeerChange): void => {
    heard.push(`${type} ${name}.${index} ${ready}`);
  };
  return { heard, listener };
}

const fail = (error: unknown): never => {
  throw error;
};

describe("PeerBook", () => {
  test("finds those it was told of until they leave", () => {
    const book = new PeerBook(fail);
    book.put(peer(1), true);
    expect(book.find(1)).toEqual(peer(1));
    expect(book.find(2)).toBeUndefined();
    book.remove(1);
    book.remove(1);
    expect(book.find(1)).toBeUndefined();
  });

  test("tells watchers who is there, then each change", () => {
    const book = new PeerBook(fail);
    const { heard, listener } = ear();
    book.watch(listener, undefined);
    expect(heard).toEqual([]);
    book.begin([info(1, true), info(2, false)]);
    expect(book.complete).toBe(true);
    expect(heard.splice(0)).toEqual(["joined web.1 true", "joined web.2 false"]);
    book.put(peer(2), true);
    book.put(peer(2), true);
    book.put(peer(3), false);
    book.remove(1);
    expect(heard).toEqual(["changed web.2 true", "joined web.3 false", "left web.1 true"]);
  });

  test("tells watchers of those, too, that were introduced before the list came", () => {
    const book = new PeerBook(fail);
    book.put(peer(1), true);
    book.put(peer(2), true);
    const { heard, listener } = ear();
    book.watch(listener, undefined);
    // The second one left, and there was no need to tell.
    book.begin([info(1, true), info(3, true)]);
    expect(heard).toEqual(["joined web.1 true", "joined web.3 true"]);
    expect(book.find(2)).toBeUndefined();
  });

  test("tells a later watcher who is there at once", () => {
    const book = new PeerBook(fail);
    book.begin([info(1, true)]);
    const { heard, listener } = ear();
    book.watch(listener, undefined);
    expect(heard).toEqual(["joined web.1 true"]);
  });

  test("tells only what the selector means", () => {
    const book = new PeerBook(fail);
    book.begin([info(1, true), info(2, true, "jobs")]);
    const { heard, listener } = ear();
    book.watch(listener, { name: "jobs" });
    book.put(peer(3), true);
    book.put(peer(4, "jobs"), true);
    book.remove(1);
    expect(heard).toEqual(["joined jobs.2 true", "joined jobs.4 true"]);
  });

  test("tells nothing after off", () => {
    const book = new PeerBook(fail);
    book.begin([]);
    const { heard, listener } = ear();
    const off = book.watch(listener, undefined);
    off();
    off();
    book.put(peer(1), true);
    expect(heard).toEqual([]);
  });
});

describe("a PeerBook whose connection was lost", () => {
  test("tells with the next list what is different, first who has left", () => {
    const book = new PeerBook(fail);
    const { heard, listener } = ear();
    book.watch(listener, undefined);
    book.begin([info(1, true), info(2, true), info(3, false)]);
    heard.length = 0;
    book.lost();
    expect([book.complete, book.find(1)]).toEqual([false, undefined]);
    // Numbers of the new connection may be used before the list comes.
    book.put(peer(4), true);
    expect(book.find(4)).toEqual(peer(4));
    book.lost();
    expect(heard).toEqual([]);
    book.begin([info(1, true), info(3, true), info(4, true)]);
    expect(heard).toEqual(["left web.2 true", "changed web.3 true", "joined web.4 true"]);
  });

  test("at another hub all are others, though they have the same numbers", () => {
    const book = new PeerBook(fail);
    const { heard, listener } = ear();
    book.watch(listener, { name: "web" });
    book.begin([info(1, true), info(2, true, "jobs")]);
    heard.length = 0;
    book.lost();
    book.otherHub();
    book.begin([info(1, true)]);
    expect(heard.splice(0)).toEqual(["left web.1 true", "joined web.1 true"]);
    book.lost();
    book.begin([info(1, true)]);
    expect(heard).toEqual([]);
  });

  test("tells a watcher that came meanwhile all of it, once", () => {
    const book = new PeerBook(fail);
    book.begin([info(1, true)]);
    book.lost();
    const { heard, listener } = ear();
    book.watch(listener, undefined);
    expect(heard).toEqual([]);
    book.begin([info(1, true), info(2, true)]);
    expect(heard).toEqual(["joined web.1 true", "joined web.2 true"]);
  });

  test("tells nobody who was ended by the one before", () => {
    const book = new PeerBook(fail);
    const { heard, listener } = ear();
    const offs: Array<() => void> = [];
    book.watch(() => {
      for (const off of offs) off();
    }, undefined);
    offs.push(book.watch(listener, undefined));
    book.begin([info(1, true)]);
    expect(heard).toEqual([]);
  });
});
