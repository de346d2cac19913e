import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Admission, proof } from "../src/admission.ts";

const SECRET = "secret";
const HUB = Buffer.alloc(32, 1);
const CLIENT = Buffer.alloc(32, 2);
const hello = (more: object = {}): Record<string, unknown> => ({
  nonce: CLIENT.toString("hex"),
  pid: 7,
  ...more,
});

function admission(): Admission {
  return new Admission(SECRET, HUB);
}

describe("admission", () => {
  it("proves itself, then asks for a proof, then lets in", () => {
    const door = admission();
    const shown = createHmac("sha256", SECRET)
      .update(Buffer.concat([Buffer.from("elpis node-ipc 1 hub\0"), CLIENT, HUB]))
      .digest("hex");
    expect(door.step("elpis.hello", hello())).toEqual({
      type: "send",
      name: "elpis.challenge",
      data: { nonce: HUB.toString("hex"), proof: shown },
    });
    const own = proof("peer", SECRET, CLIENT, HUB).toString("hex");
    expect(door.step("elpis.join", { proof: own })).toEqual({
      type: "admit",
      identity: { name: "peer", role: "peer", index: 0, epoch: 1, pid: 7 },
    });
  });

  it("takes neither its own proof nor another's", () => {
    const proofs = [
      proof("hub", SECRET, CLIENT, HUB).toString("hex"),
      proof("peer", "other", CLIENT, HUB).toString("hex"),
      proof("peer", SECRET, HUB, CLIENT).toString("hex"),
      "",
      undefined,
      `${proof("peer", SECRET, CLIENT, HUB).toString("hex")}00`,
    ];
    for (const wrong of proofs) {
      const door = admission();
      door.step("elpis.hello", hello());
      expect(() => door.step("elpis.join", { proof: wrong })).toThrow(
        expect.objectContaining({ code: "ELPIS_NODE_IPC_AUTH" }),
      );
    }
  });

  it.each<[string, object]>([
    ["the role of the hub", { role: "master" }],
    ["a role that there is not", { role: "king" }],
    ["no name", { name: "" }],
    ["a long name", { name: "ü".repeat(33) }],
    ["a name that is not text", { name: 1 }],
    ["a negative index", { index: -1 }],
    ["an epoch beyond 32 bits", { epoch: 2 ** 32 }],
    ["no process id", { pid: undefined }],
    ["a short nonce", { nonce: "00" }],
    ["a nonce that is not hex", { nonce: "zz".repeat(32) }],
  ])("refuses %s", (_, more) => {
    expect(() => admission().step("elpis.hello", hello(more))).toThrow(
      expect.objectContaining({ code: "ELPIS_NODE_IPC_INVALID" }),
    );
  });

  it("refuses any other order", () => {
    expect(() => admission().step("elpis.join", { proof: "" })).toThrow(/before welcome/);
    const door = admission();
    door.step("elpis.hello", hello());
    expect(() => door.step("elpis.hello", hello())).toThrow(/before welcome/);
    expect(() => door.step("elpis.emit", {})).toThrow(/before welcome/);
  });
});
