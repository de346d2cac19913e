// What the plugin that keeps output has written, read as a person would: file by file, the compressed ones too.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { writeConfig } from "./application.mjs";
import { familyOf } from "./kernel.mjs";

const PLUGIN = new URL("../../../plugins/logs/dist/index.js", import.meta.url).href;
const LINE = /^\S+ (\S+)\.(\d+)\[(\d+)\] (stdout|stderr)\| (.*)$/;

/** Writes the configuration of an application whose output is kept with these options; returns its folder. */
export function writeKept(run, config, options) {
  const [text, kept] = [config, options].map((value) => JSON.stringify(value, undefined, 1));
  const plugins = `[(await import(${JSON.stringify(PLUGIN)})).logs(${kept})]`;
  return writeConfig(run, config, `{ ...${text}, plugins: ${plugins} }`);
}

/** The process that keeps the output; undefined: there is none. */
export function keeperOf(home) {
  const isKeeper = ([, { command }]) => command.includes("logs/dist/keeper.js");
  return [...familyOf(home)].find(isKeeper)?.[0];
}

/** Every line of every file of a log: whole ones by what they say, and those that are none. */
export function readSet(dir, name) {
  const lines = [];
  const torn = [];
  const all = readdirSync(dir).filter((file) => file === name || file.startsWith(`${name}.`));
  // One that is being compressed is there as it was, until it is there compressed.
  const files = all.filter((file) => !file.endsWith(".tmp") && !all.includes(`${file}.gz`));
  for (const file of files) {
    const bytes = readFileSync(join(dir, file));
    const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
    const parts = text.split("\n");
    const last = parts.pop();
    if (last !== "") torn.push({ file, text: last });
    for (const part of parts) {
      const found = LINE.exec(part);
      if (found === null) torn.push({ file, text: part });
      else
        lines.push({ process: found[1], index: Number(found[2]), pid: found[3], text: found[5] });
    }
  }
  return { files, lines, torn };
}

/** The numbered lines of each writer: how many there are up to the last one, missing, and twice. */
export function account(lines) {
  const writers = new Map();
  for (const { index, pid, text } of lines) {
    const [, n] = /^line (\d+)/.exec(text) ?? [];
    if (n === undefined) continue;
    const key = `${index} ${pid}`;
    const seen = writers.get(key) ?? new Map();
    seen.set(Number(n), (seen.get(Number(n)) ?? 0) + 1);
    writers.set(key, seen);
  }
  const total = { writers: writers.size, printed: 0, missing: 0, twice: 0 };
  for (const seen of writers.values()) {
    const last = [...seen.keys()].reduce((a, b) => Math.max(a, b), -1);
    total.printed += last + 1;
    total.missing += last + 1 - seen.size;
    total.twice += [...seen.values()].filter((times) => times > 1).length;
  }
  return total;
}
