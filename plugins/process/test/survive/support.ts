import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { resolveConfig } from "../../src/config/resolve.ts";
import type { AppConfig, AppDefinition } from "../../src/config/types.ts";
import type { SavedSlot, SavedState, SavedUnit } from "../../src/survive/state.ts";

export const SILENT = { debug() {}, info() {}, warn() {}, error() {}, child: () => SILENT };

/** A folder that is removed after the test. */
export function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "elpis-survive-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** An application as it is written down and read: what is undefined is not there. */
export function appOf(processes: AppConfig["processes"], survive = true): AppDefinition {
  const source = { file: "/app/elpis.config.js", dir: "/app" };
  const app = resolveConfig({ name: "app", survive, processes }, source);
  return JSON.parse(JSON.stringify(app));
}

export function unitOf(name: string, index: number, more: Partial<SavedUnit> = {}): SavedUnit {
  return {
    ...{ name, index, pid: 1000 + index, startTime: "7", epoch: 1, place: "current" },
    ...{ state: "ready", version: 1, spawnedAt: 0, stopTimeoutMs: 10, token: "secret", ...more },
  } as SavedUnit;
}

export function stateOf(app: AppDefinition, units: readonly SavedUnit[]): SavedState {
  const slots = app.processes.flatMap(({ name, scale }) =>
    Array.from({ length: scale }, (_, index) => slotOf(name, index)),
  );
  return {
    format: 1,
    app: app.name,
    master: { pid: 999, startTime: "5" },
    survive: true,
    startedAt: 0,
    version: 1,
    nextVersion: 2,
    versions: [{ version: 1, app, good: true, at: 0 }],
    slots,
    units,
  };
}

export function slotOf(name: string, index: number): SavedSlot {
  const known = { attempt: 0, failures: [], healing: false, ports: [] };
  return { name, index, state: "ready", epoch: 1, causes: {}, ...known };
}
