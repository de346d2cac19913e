import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ElpisHome } from "../support/elpis.ts";
import { freePort } from "../support/port.ts";
import { type Block, blocksOf, documents, ROOT } from "./blocks.ts";
import { typeErrors } from "./type-check.ts";

const CODE = ["ts", "js", "tsx", "jsx", "typescript", "javascript", "mjs", "cjs"];
const blocks = documents().flatMap((file) => blocksOf(file));
const programs = blocks.filter(({ info }) => info.includes("run"));
const tries = blocks.filter(({ info }) => value(info, "try") !== undefined);
const place = mkdtempSync(join(tmpdir(), "elpis-docs-"));

beforeAll(() => {
  symlinkSync(join(ROOT, "node_modules"), join(place, "node_modules"), "dir");
  writeFileSync(join(place, "package.json"), '{ "type": "module" }\n');
  for (const block of blocks) {
    const file = fileOf(block);
    if (file === undefined) continue;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, block.text);
  }
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

describe("code in the documents", () => {
  it("is never only looked at", () => {
    const code = blocks.filter(({ language }) => CODE.includes(language));
    expect(code.filter((block) => fileOf(block) === undefined).map(at)).toEqual([]);
    expect(programs.length).toBeGreaterThan(10);
  });

  it("has no type errors", () => {
    const files = blocks
      .filter(({ language }) => language === "ts")
      .flatMap((b) => fileOf(b) ?? []);
    expect(typeErrors(files, place)).toEqual([]);
  });

  it.each(programs.map((block) => [at(block), block] as const))("runs: %s", async (_, block) => {
    const { code, output, errors } = await runProgram(block);
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    expect(output).toMatch(shownAfter(block));
  });
});

describe("applications in the documents", () => {
  it.each(tries.map((block) => [at(block), block] as const))("answer: %s", async (_, block) => {
    const app = value(block.info, "try") as string;
    const home = await ElpisHome.create();
    try {
      const port = await freePort();
      const env = { PORT: String(port) };
      const running = home.spawn(["run"], { cwd: join(place, app), env });
      await running.printed(`${app} is up`);
      let output = "";
      for (const [, path = "/"] of block.text.matchAll(/^curl http:\/\/127\.0\.0\.1:3000(\S*)/gm)) {
        output += await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
      }
      expect(output).toMatch(shownAfter(block));
      running.child.kill("SIGTERM");
      expect((await running.finished).code).toBe(0);
    } finally {
      await home.remove();
    }
  });

  it("need no config when they are one script", async () => {
    const home = await ElpisHome.create();
    try {
      const port = await freePort();
      const options = { cwd: join(place, "script"), env: { PORT: String(port) } };
      const started = await home.run(["start", "app.mjs", "-i", "2"], options);
      expect(started.code, started.stderr).toBe(0);
      expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toMatch(/^hello from \d+\n$/);
      expect((await home.run(["stop"], options)).code).toBe(0);
    } finally {
      await home.remove();
    }
  });
});

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

async function runProgram(block: Block): Promise<Ended> {
  const file = fileOf(block) as string;
  const program = file.replace(/\.ts$/, ".mjs");
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ESNext };
  const { outputText } = ts.transpileModule(block.text, { compilerOptions });
  writeFileSync(program, outputText);
  const home = mkdtempSync(join(tmpdir(), "elpis-"));
  try {
    return await run(program, home);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function run(program: string, home: string): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program], {
      env: { ...process.env, ELPIS_HOME: home, NODE_OPTIONS: "", NO_COLOR: "1", FORCE_COLOR: "0" },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 30_000,
    });
    let output = "";
    let errors = "";
    child.stdout.on("data", (text) => {
      output += text;
    });
    child.stderr.on("data", (text) => {
      errors += text;
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output, errors }));
  });
}

/** What the document shows as output; `…` there stands for anything on that line. */
function shownAfter(block: Block): RegExp {
  const next = blocks[blocks.indexOf(block) + 1];
  if (next === undefined || next.file !== block.file || !next.info.includes("output")) {
    throw new Error(`${at(block)} is not followed by its output`);
  }
  // Formatters take spaces at the ends of lines away.
  const text = next.text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("…", ".*");
  return new RegExp(`^${text.replace(/ *\n/g, " *\\n")}$`);
}

/** Where a block of code is kept: under the name it is given, or one of its own. */
function fileOf(block: Block): string | undefined {
  const name = value(block.info, "file");
  if (name !== undefined) return join(place, name);
  if (!block.info.includes("run")) return undefined;
  return join(
    place,
    "programs",
    `${block.file.replace(/\W/g, "-")}-${block.line}.${block.language}`,
  );
}

function value(info: readonly string[], key: string): string | undefined {
  return info.find((part) => part.startsWith(`${key}=`))?.slice(key.length + 1);
}

function at({ file, line }: Block): string {
  return `${file}:${line}`;
}
