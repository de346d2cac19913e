import { type FieldKind, formatIssue, object, type SchemaIssue } from "@elpis/api";
import { describe, expect, test } from "vitest";

interface Case {
  readonly kind: FieldKind;
  readonly good: readonly unknown[];
  readonly bad: readonly unknown[];
  readonly expected: string;
}

const CASES: readonly Case[] = [
  { kind: "string", good: ["", "x"], bad: [1, null, [], new String("x")], expected: "a string" },
  { kind: "boolean", good: [true, false], bad: [0, "true", null], expected: "a boolean" },
  {
    kind: "number",
    good: [0, -1.5, 1e300],
    bad: ["1", Number.NaN, Number.POSITIVE_INFINITY, 1n],
    expected: "a number",
  },
  {
    kind: "integer",
    good: [0, -1, Number.MAX_SAFE_INTEGER],
    bad: [1.5, 2 ** 53, Number.NaN, "80", 1n],
    expected: "an integer",
  },
  {
    kind: "url",
    good: ["http://127.0.0.1:1988/v1/push", "unix:/tmp/x"],
    bad: ["", "no url", "/path", 1, new URL("http://a")],
    expected: "a url",
  },
  { kind: "object", good: [{}, { a: 1 }], bad: [null, [], "x", 1], expected: "an object" },
  { kind: "array", good: [[], [1]], bad: [{}, "x", { length: 0 }], expected: "an array" },
  { kind: "function", good: [() => {}, class {}], bad: [{}, "x"], expected: "a function" },
];

function issuesOf(fields: Record<string, FieldKind>, value: unknown): readonly SchemaIssue[] {
  const result = object(fields)["~standard"].validate(value);
  if (result instanceof Promise) throw new Error("object() answers at once");
  return result.issues ?? [];
}

describe("object", () => {
  test("is a Standard Schema", () => {
    expect(object({})["~standard"]).toMatchObject({ version: 1, vendor: "elpis" });
  });

  test.each(CASES)("$kind takes what is one", ({ kind, good }) => {
    for (const value of good) expect(issuesOf({ field: kind }, { field: value })).toEqual([]);
  });

  test.each(CASES)(
    "$kind refuses what is none, and says what it wants",
    ({ kind, bad, expected }) => {
      for (const value of bad) {
        const issues = issuesOf({ field: kind }, { field: value });
        expect(issues).toHaveLength(1);
        expect(issues[0]?.path).toEqual(["field"]);
        expect(issues[0]?.message).toMatch(new RegExp(`^expected ${expected}, got `));
      }
    },
  );

  test.each(CASES)("$kind may be left out only with a question mark", ({ kind, expected }) => {
    for (const value of [{}, { field: undefined }]) {
      expect(issuesOf({ field: `${kind}?` as FieldKind }, value)).toEqual([]);
      expect(issuesOf({ field: kind }, value)).toEqual([
        { path: ["field"], message: `expected ${expected}, got nothing` },
      ]);
    }
  });

  test.each(CASES)("$kind with a question mark still checks what is there", ({ kind, bad }) => {
    for (const value of [...bad, null]) {
      if (kind === "object" && value === undefined) continue;
      expect(issuesOf({ field: `${kind}?` as FieldKind }, { field: value })).toHaveLength(1);
    }
  });

  test("gives back the value that it was given", async () => {
    const value = { endpoint: "x" };
    const result = await object<{ endpoint: string }>({ endpoint: "string" })["~standard"].validate(
      value,
    );
    expect(result.issues === undefined && result.value).toBe(value);
  });

  test("refuses unknown keys and names the known ones", () => {
    const fields = { endpoint: "string", stepSeconds: "integer?" } as const;
    expect(issuesOf(fields, { endpoint: "x", stepsSeconds: 1 })).toEqual([
      { path: ["stepsSeconds"], message: "unknown key; known are endpoint, stepSeconds" },
    ]);
    // Keys of every object are not known either.
    expect(issuesOf(fields, { endpoint: "x", toString: 1 })).toHaveLength(1);
    expect(issuesOf(fields, JSON.parse('{"endpoint":"x","__proto__":1}'))).toHaveLength(1);
  });

  test("tells everything that is wrong at once", () => {
    const issues = issuesOf({ a: "string", b: "integer" }, { a: 1, b: "x", c: true });
    expect(issues.map((issue) => formatIssue(issue))).toEqual([
      "options.a: expected a string, got 1",
      'options.b: expected an integer, got "x"',
      "options.c: unknown key; known are a, b",
    ]);
  });

  test.each([
    [undefined, "nothing"],
    [null, "null"],
    ["x", '"x"'],
    [[1], "[1]"],
    [() => {}, "a function"],
    [5n, '"5n"'],
  ])("takes nothing but an object: %s", (value, shown) => {
    expect(issuesOf({}, value)).toEqual([{ message: `expected an object, got ${shown}` }]);
  });

  test("shows values that JSON cannot", () => {
    const messageFor = (value: unknown): string | undefined =>
      issuesOf({ field: "string" }, { field: value })[0]?.message;
    expect(messageFor(Symbol("s"))).toBe("expected a string, got Symbol(s)");
    expect(messageFor(5n)).toBe('expected a string, got "5n"');
    expect(messageFor({ deep: 5n })).toBe('expected a string, got {"deep":"5n"}');
    expect(messageFor(() => {})).toBe("expected a string, got a function");
  });
});

describe("formatIssue", () => {
  test("joins the path behind its root", () => {
    const issue: SchemaIssue = { message: "wrong", path: ["list", 0, { key: "name" }] };
    expect(formatIssue(issue)).toBe("options.list.0.name: wrong");
    expect(formatIssue(issue, "config")).toBe("config.list.0.name: wrong");
    expect(formatIssue({ message: "wrong" })).toBe("options: wrong");
    expect(formatIssue({ message: "wrong", path: [Symbol("s")] })).toBe("options.Symbol(s): wrong");
  });
});
