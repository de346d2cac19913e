import { join } from "node:path";
import { isSecretName, redact } from "@elpis/api";
import { describe, expect, it } from "vitest";
import { closest, editDistance } from "../src/config/closest.ts";
import { explainConfig, type LoadOptions, redactEnv } from "../src/index.ts";
import { makeDir } from "./support.ts";

async function explained(files: Readonly<Record<string, string>>, options: LoadOptions = {}) {
  const dir = makeDir(files);
  const found = await explainConfig({ path: dir, cwd: dir, evaluate: "here", ...options });
  const at = (path: string) => {
    const one = found.values.find((value) => value.path === path);
    return one && [one.value, one.origin];
  };
  return { dir, at, found };
}

describe("an explained configuration", () => {
  const FILES = {
    "base.mjs":
      'export default { env: { REGION: "eu" }, processes: { web: { readyTimeout: "20s" } } };',
    "package.json": '{ "elpis": { "name": "shop", "env": { "LOG": "1" } } }',
    "elpis.config.mjs": `export default {
      processes: {
        web: { entry: "./web.js", memoryLimit: "1kb", env: { API_TOKEN: "abc", URL: "pg://u:pw@h/db" } },
        data: "./web.js",
      },
      services: { cache: { entry: "./web.js", process: "data", config: { port: 1, auth: { user: "me" } } } },
    };`,
    "web.js": "",
  };

  it("says where each value comes from", async () => {
    const { dir, at, found } = await explained(FILES, { sources: ["base.mjs"] });
    const file = join(dir, "elpis.config.mjs");
    expect(found).toMatchObject({ name: "shop", file });
    expect(at("name")).toEqual([
      "shop",
      { from: "package.json", file: join(dir, "package.json"), key: "elpis.name" },
    ]);
    expect(at("processes.web.readyTimeoutMs")).toEqual([
      20_000,
      { from: "file", file: join(dir, "base.mjs"), key: "processes.web.readyTimeout" },
    ]);
    expect(at("processes.web.env.REGION")?.[1]).toMatchObject({ key: "env.REGION" });
    expect(at("processes.web.env.LOG")?.[1]).toMatchObject({
      from: "package.json",
      key: "elpis.env.LOG",
    });
    expect(at("processes.web.memoryLimit.bytes")).toEqual([
      1024,
      { from: "file", file, key: "processes.web.memoryLimit" },
    ]);
    expect(at("processes.web.stopTimeoutMs")).toEqual([10_000, { from: "default" }]);
    expect(at("processes.web.dependsOn")).toEqual([[], { from: "default" }]);
    expect(at("processes.data.entry")).toEqual([
      join(dir, "web.js"),
      { from: "file", file, key: "processes.data" },
    ]);
    expect(at("processes.data.scale")).toEqual([1, { from: "default" }]);
    expect(at("processes.data.services")).toEqual([
      ["cache"],
      { from: "derived", key: "services" },
    ]);
  });

  it("blanks what looks like a secret", async () => {
    const { at } = await explained(FILES);
    expect(at("processes.web.env.API_TOKEN")?.[0]).toBe("(hidden)");
    expect(at("processes.web.env.URL")?.[0]).toBe("pg://u:(hidden)@h/db");
    expect(at("services.cache.config.port")?.[0]).toBe(1);
    expect(at("services.cache.config.auth.user")?.[0]).toBe("(hidden)");
  });

  it("knows the command line", async () => {
    const one = {
      "elpis.config.mjs":
        'export default { name: "a", processes: { web: { entry: "./web.js", scale: 2 } } };',
      "web.js": "",
    };
    const given = await explained(one, { name: "b", scale: 3 });
    expect(given.at("name")).toEqual(["b", { from: "command line", option: "name" }]);
    expect(given.at("processes.web.scale")).toEqual([3, { from: "command line", option: "scale" }]);
    const dev = await explained(one, { dev: true });
    expect(dev.at("processes.web.scale")).toEqual([1, { from: "command line", option: "dev" }]);
    const script = await explained(one, { path: "web.js" });
    expect(script.at("processes.web.entry")?.[1]).toEqual({
      from: "command line",
      option: "path (web.js)",
    });
  });
});

describe("secrets", () => {
  it.each([
    ...["PASSWORD", "DB_PASSWORD", "dbPassword", "PGPASSWORD", "API_KEY", "apikey", "APIKEY"],
    ...["AUTH", "NPM_TOKEN", "GITHUBTOKEN", "clientSecret", "AWS_SECRET_ACCESS_KEY", "credentials"],
    ...["SENTRY_DSN", "Authorization"],
  ])("%s is one", (name) => {
    expect(isSecretName(name)).toBe(true);
  });

  it.each(["KEYBOARD", "AUTHOR", "PORT", "NODE_ENV", "MONKEY", "passenger", "compass", "PATH"])(
    "%s is none",
    (name) => {
      expect(isSecretName(name)).toBe(false);
    },
  );

  it("are blanked in an environment, also inside of values", () => {
    expect(
      redactEnv({
        TOKEN: "a",
        EMPTY_TOKEN: "",
        GONE: undefined,
        URL: "redis://:pw@host/0?x=1",
        ARGS: "--port=1 --password=abc",
        PORT: "1",
      }),
    ).toEqual({
      TOKEN: "(hidden)",
      EMPTY_TOKEN: "",
      URL: "redis://:(hidden)@host/0?x=1",
      ARGS: "--port=1 --password=(hidden)",
      PORT: "1",
    });
    expect(redact({ a: [{ token: { deep: 1 } }], auth: true }, "options")).toEqual({
      a: [{ token: "(hidden)" }],
      auth: true,
    });
  });
});

describe("a typing error", () => {
  it.each([
    ["scal", "scale"],
    ["sacle", "scale"],
    ["Scale", "scale"],
    ["dependson", "dependsOn"],
    ["xyz", undefined],
    ["en", "env"],
  ])("%s may mean %s", (word, expected) => {
    expect(closest(word, ["scale", "env", "dependsOn", "entry"])).toBe(expected);
  });

  it("is measured in letters put in, taken out, changed and swapped", () => {
    expect([
      editDistance("", "abc"),
      editDistance("abc", "abc"),
      editDistance("abcd", "acbd"),
      editDistance("kitten", "sitting"),
    ]).toEqual([3, 0, 1, 3]);
  });
});
