import type { ElpisError } from "@elpis/api";
import {
  BodyCodec,
  bodyEnd,
  bodyStart,
  Kind,
  kindName,
  MAX_TOPIC_BYTES,
  readAuth,
  readChallenge,
  readGoodbye,
  readHello,
  readLocation,
  readRoute,
  readTopic,
  readWelcome,
} from "@elpis/protocol";
import { describe, expect, test } from "vitest";

type Body = Record<string, unknown>;

const codec = new BodyCodec();
/** A body as it comes out of a frame. */
function wired(body: unknown): unknown {
  const frame = Buffer.from(codec.frame(body, Kind.hello, 0, 0, 0, 0));
  return codec.unpack(frame, bodyStart(frame, 0), bodyEnd(frame, 0));
}

const NO_INTEGERS = [undefined, null, "1", 1.5, -1, 2 ** 32, Number.NaN, 1n, [1], true];
const NO_TEXTS = [undefined, null, "", 1, ["x"], {}];
const tooLong = (bytes: number): string[] => ["x".repeat(bytes + 1), "é".repeat(bytes / 2 + 1)];
const NO_ROLES = [undefined, null, "", "boss", "Master", 1, ["worker"]];
const NO_MAPS = [undefined, null, 1, "x", true, [], [{}]];
const bytesBut = (...lengths: number[]): unknown[] => [
  "x".repeat(32),
  null,
  Array.from({ length: 32 }, () => 1),
  ...lengths.map((length) => new Uint8Array(length)),
];

const LOCATION = {
  id: 7,
  app: "shop",
  role: "worker",
  name: "web",
  index: 1,
  pid: 4711,
  epoch: 2,
} as const;
const LOCATION_WRONG = {
  id: NO_INTEGERS,
  app: [...NO_TEXTS, ...tooLong(255)],
  role: NO_ROLES,
  name: [...NO_TEXTS, ...tooLong(64)],
  index: NO_INTEGERS,
  pid: NO_INTEGERS,
  epoch: NO_INTEGERS,
};

interface Reader {
  readonly name: string;
  readonly read: (body: unknown) => unknown;
  readonly full: Body;
  /** Fields that may be left out. */
  readonly optional: readonly string[];
  /** For each field, values that it must not have. */
  readonly wrong: Readonly<Record<string, readonly unknown[]>>;
}

const given = (values: readonly unknown[]): unknown[] => values.filter((v) => v !== undefined);

const READERS: readonly Reader[] = [
  {
    name: "hello",
    read: readHello,
    full: {
      protocol: [1, 3],
      client: "elpis-js 0.1.0",
      pid: 1,
      nonce: Buffer.alloc(32, 1),
      name: "web",
      role: "worker",
      index: 0,
      epoch: 1,
    },
    optional: ["nonce", "name", "role", "index", "epoch"],
    wrong: {
      protocol: [undefined, null, 1, "1", [], [1], [1, "2"], [-1, 1], { 0: 1, 1: 1 }],
      client: [...NO_TEXTS, ...tooLong(64)],
      pid: NO_INTEGERS,
      nonce: bytesBut(0, 15, 65),
      name: [...given(NO_TEXTS), ...tooLong(64)],
      role: given(NO_ROLES),
      index: given(NO_INTEGERS),
      epoch: given(NO_INTEGERS),
    },
  },
  {
    name: "challenge",
    read: readChallenge,
    full: { nonce: Buffer.alloc(16, 1), proof: Buffer.alloc(32, 2) },
    optional: [],
    wrong: { nonce: [undefined, ...bytesBut(0, 15, 65)], proof: [undefined, ...bytesBut(31, 33)] },
  },
  {
    name: "auth",
    read: readAuth,
    full: { proof: Buffer.alloc(32, 2) },
    optional: [],
    wrong: { proof: [undefined, ...bytesBut(0, 31, 33)] },
  },
  {
    name: "welcome",
    read: readWelcome,
    full: { protocol: 1, hub: "shop", location: LOCATION, maxFrameBytes: 1024, maxCalls: 8 },
    optional: [],
    wrong: {
      protocol: NO_INTEGERS,
      hub: [...NO_TEXTS, ...tooLong(255)],
      location: NO_MAPS,
      maxFrameBytes: NO_INTEGERS,
      maxCalls: NO_INTEGERS,
    },
  },
  { name: "location", read: readLocation, full: LOCATION, optional: [], wrong: LOCATION_WRONG },
];

function invalid(run: () => unknown): ElpisError {
  let result: unknown;
  try {
    result = run();
  } catch (error) {
    expect(error).toMatchObject({ code: "ELPIS_PROTOCOL_INVALID" });
    return error as ElpisError;
  }
  throw new Error(`was taken: ${JSON.stringify(result)}`);
}

/** How a message names a field; a role is named by its value. */
const nameOf = (reader: string, field: string): string =>
  field === "role"
    ? "is not a role"
    : `${reader}.${field} `.replace("welcome.location", "location");

describe.each(READERS.map((reader) => [reader.name, reader] as const))(
  "a %s",
  (name, { read, full, optional, wrong }) => {
    test("is read with every field, and with nothing that was not asked for", () => {
      expect(read(wired(full))).toEqual(full);
      expect(read(wired({ ...full, more: 1 }))).toEqual(full);
    });

    test("is read without its optional fields", () => {
      for (const field of optional) {
        const { [field]: _, ...rest } = full;
        expect(read(wired(rest))).toEqual(rest);
        expect(read(wired({ ...full, [field]: undefined }))).toEqual(rest);
      }
    });

    test("has a table of wrong values for every field", () => {
      expect(Object.keys(wrong).sort()).toEqual(Object.keys(full).sort());
    });

    test.each(Object.entries(wrong))("is refused for a wrong %s, by name", (field, values) => {
      for (const value of values) {
        const body = wired({ ...full, [field]: value });
        expect(invalid(() => read(body)).message).toContain(nameOf(name, field));
      }
    });

    test("is refused when it is no map", () => {
      for (const value of NO_MAPS) {
        expect(invalid(() => read(value)).message).toContain(`${name} is not a map`);
      }
    });
  },
);

describe("a welcome", () => {
  test.each(Object.entries(LOCATION_WRONG))(
    "is refused for a wrong location.%s",
    (field, values) => {
      for (const value of values) {
        const location = { ...LOCATION, [field]: value };
        const body = { protocol: 1, hub: "shop", location, maxFrameBytes: 1024, maxCalls: 8 };
        const { message } = invalid(() => readWelcome(body));
        expect(message).toContain(nameOf("location", field));
      }
    },
  );
});

describe("a goodbye", () => {
  test("is read as it was sent", () => {
    const body = { code: "ELPIS_PROTOCOL_AUTH", reason: "no proof" };
    expect(readGoodbye(wired(body))).toEqual(body);
  });

  test("always gives a reason, whatever came", () => {
    const silent = { code: "ELPIS_HUB_CLOSED", reason: "no reason given" };
    for (const body of [...NO_MAPS, {}, { code: 1, reason: null }]) {
      expect(readGoodbye(body)).toEqual(silent);
    }
    expect(readGoodbye({ reason: "full" })).toEqual({ ...silent, reason: "full" });
  });
});

describe("a route", () => {
  const to = { app: "shop", role: "worker", name: "web", index: 0, pid: 1, id: 2 };

  test("is read with and without a selector", () => {
    expect(readRoute(wired({ topic: "a" }))).toEqual({ topic: "a" });
    expect(readRoute(wired({ topic: "a", to: {} }))).toEqual({ topic: "a", to: {} });
    expect(readRoute(wired({ topic: "a", to }))).toEqual({ topic: "a", to });
  });

  test.each(Object.keys(to))("is refused for a wrong to.%s, by name", (part) => {
    const isText = part === "app" || part === "role" || part === "name";
    for (const value of [isText ? 1 : "1", null, [], {}, true]) {
      const { message } = invalid(() => readRoute({ topic: "a", to: { ...to, [part]: value } }));
      expect(message).toContain(`route.to.${part} is not a ${isText ? "string" : "number"}`);
    }
  });

  test("is refused for parts that there are not", () => {
    for (const part of ["epoch", "colour", ""]) {
      const { message } = invalid(() => readRoute({ topic: "a", to: { [part]: 1 } }));
      expect(message).toContain(`route.to.${part} is not one of app, role, name, index, pid, id`);
    }
    // Names that every object has are no parts either.
    for (const part of ["constructor", "toString", "valueOf"]) {
      invalid(() => readRoute(wired({ topic: "a", to: { [part]: 1 } })));
    }
  });

  test("is refused without a topic or with a selector that is no map", () => {
    for (const value of NO_TEXTS) {
      expect(invalid(() => readRoute({ topic: value })).message).toContain("topic is not");
    }
    for (const value of given(NO_MAPS)) {
      const { message } = invalid(() => readRoute({ topic: "a", to: value }));
      expect(message).toContain("route.to is not a map");
    }
  });
});

describe("a topic", () => {
  test("is a text up to the limit, counted in bytes", () => {
    for (const topic of ["a", "config.changed", "x".repeat(MAX_TOPIC_BYTES), "é".repeat(127)]) {
      expect(readTopic(wired(topic))).toBe(topic);
    }
    for (const topic of [...NO_TEXTS, "x".repeat(MAX_TOPIC_BYTES + 1), "é".repeat(128)]) {
      expect(invalid(() => readTopic(topic)).message).toContain("topic is not a text of 1 to 255");
    }
  });
});

test("kinds have names, and what is none shows its number", () => {
  for (const [name, kind] of Object.entries(Kind)) expect(kindName(kind)).toBe(name);
  expect(new Set(Object.values(Kind)).size).toBe(Object.keys(Kind).length);
  expect(kindName(0)).toBe("0x00");
  expect(kindName(0xfe)).toBe("0xfe");
});
