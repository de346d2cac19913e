import { dirname } from "node:path";
import { runtimeBase } from "@elpis/core";
import type { CliContext } from "../../context.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import type { DoctorOptions } from "../../options.ts";
import { type Color, paint } from "../../output/color.ts";
import { printJson, printTable, say } from "../../output/report.ts";
import { savedFile } from "../../saved/file.ts";
import {
  changedAt,
  controlGroups,
  foundPackages,
  openFilesLimit,
  spaceOf,
} from "./doctor/facts.ts";
import type { Finding } from "./doctor/finding.ts";
import {
  checkAppFolders,
  checkDead,
  checkPrivate,
  checkSaved,
  numberIn,
} from "./doctor/folders.ts";
import {
  checkBacklog,
  checkClock,
  checkControlGroups,
  checkKept,
  checkNode,
  checkOpenFiles,
  checkPathLength,
  checkSpace,
  checkVersions,
} from "./doctor/system.ts";

const COLORS: Readonly<Record<Finding["level"], Color>> = {
  ok: "green",
  warn: "yellow",
  fail: "red",
};
/** As in the hub: `sun_path` without its closing zero. */
const MAX_PATH_BYTES = process.platform === "linux" ? 107 : 103;

/** Looks for what may cause trouble. Ends with 0 unless something must be repaired; with `fix` repairs what it can. */
export async function doctor(context: CliContext, options: DoctorOptions): Promise<number> {
  let findings = await look(context);
  const fixed = options.fix === true ? repair(findings) : [];
  if (fixed.length > 0) findings = await look(context);
  const isWell = findings.every(({ level }) => level !== "fail");
  if (options.json === true)
    printJson(context, { ok: isWell, findings: findings.map(shape), fixed });
  else print(context, findings, fixed);
  return (isWell ? EXIT_CODES.ok : EXIT_CODES.unhealthy).code;
}

async function look(context: CliContext): Promise<Finding[]> {
  const { bin, cwd, env } = context;
  const base = runtimeBase();
  const saved = savedFile(env);
  const savedSpace = spaceOf(dirname(saved));
  return [
    checkNode(process.versions.node),
    checkVersions(foundPackages(bin, cwd)),
    checkPrivate("runtime folder", base),
    ...checkAppFolders(base),
    checkPathLength(base, "hub.sock", MAX_PATH_BYTES),
    ...(await checkDead(base)),
    ...checkSaved(saved),
    checkKept(saved, savedSpace?.isMemory === true),
    checkSpace("running apps", base, spaceOf(base)),
    checkSpace("saved apps", dirname(saved), savedSpace),
    checkOpenFiles(openFilesLimit()),
    checkBacklog(numberIn("/proc/sys/net/core/somaxconn")),
    checkControlGroups(controlGroups()),
    checkClock(Date.now(), changedAt(bin)),
  ];
}

/** Repairs what can be repaired. What cannot shows up again in the next look. */
function repair(findings: readonly Finding[]): string[] {
  return findings.flatMap(({ fix, message }) => {
    try {
      fix?.();
      return fix === undefined ? [] : [message];
    } catch {
      return [];
    }
  });
}

function shape({ check, level, message, hint, fix }: Finding): Record<string, unknown> {
  return { check, level, message, ...(hint !== undefined && { hint }), fixable: fix !== undefined };
}

function print(context: CliContext, findings: readonly Finding[], fixed: readonly string[]): void {
  const columns = [
    { title: "" },
    { title: "check" },
    { title: "what was found", priority: 8, min: 20, wrap: true },
  ];
  const rows = findings.map(({ check, level, message, hint }) => [
    level,
    check,
    hint === undefined ? message : `${message}; ${hint}`,
  ]);
  printTable(context, columns, rows);
  for (const message of fixed) say(context, `repaired: ${message}`);
  const count = (level: Finding["level"]): number =>
    findings.filter((one) => one.level === level).length;
  const worst = count("fail") > 0 ? "fail" : count("warn") > 0 ? "warn" : "ok";
  const text = `${count("ok")} ok, ${count("warn")} to look at, ${count("fail")} to repair`;
  say(context, paint(text, COLORS[worst], context.stderr.color));
}
