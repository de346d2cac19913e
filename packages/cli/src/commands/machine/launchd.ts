import { homedir } from "node:os";
import { join } from "node:path";
import type { UnitFacts } from "./unit-facts.ts";

/** A property list of launchd. Pure but for the user's home. */
export function launchdPlist(facts: UnitFacts): string {
  const { app, dir, scope, user, command, path, home, stopSeconds } = facts;
  const logs = scope === "system" ? "/var/log" : join(homedir(), "Library", "Logs");
  const variables = { PATH: path, ...(home !== undefined && { ELPIS_HOME: home }) };
  const entries: ReadonlyArray<readonly [string, string]> = [
    ["Label", text(`elpis.${app}`)],
    ["ProgramArguments", array(command)],
    ["WorkingDirectory", text(dir)],
    ["EnvironmentVariables", dictionary(Object.entries(variables).map(([k, v]) => [k, text(v)]))],
    ...(scope === "system" ? [["UserName", text(user)] as const] : []),
    ["RunAtLoad", "<true/>"],
    ["KeepAlive", dictionary([["SuccessfulExit", "<false/>"]])],
    ["ExitTimeOut", `<integer>${stopSeconds}</integer>`],
    ["StandardOutPath", text(join(logs, `elpis-${app}.log`))],
    ["StandardErrorPath", text(join(logs, `elpis-${app}.log`))],
  ];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    "<!-- Made by: elpis startup -->",
    '<plist version="1.0">',
    dictionary(entries),
    "</plist>",
    "",
  ].join("\n");
}

function dictionary(entries: ReadonlyArray<readonly [string, string]>): string {
  const lines = entries.map(([key, value]) => `  <key>${escaped(key)}</key>\n${indent(value)}`);
  return `<dict>\n${lines.join("\n")}\n</dict>`;
}

function array(items: readonly string[]): string {
  return `<array>\n${items.map((item) => indent(text(item))).join("\n")}\n</array>`;
}

function text(value: string): string {
  return `<string>${escaped(value)}</string>`;
}

function indent(value: string): string {
  return value.replace(/^/gm, "  ");
}

function escaped(value: string): string {
  return value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
