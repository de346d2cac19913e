import type { Pm2App } from "./pm2.ts";

/** What an app says of memory, times and restarts. */
export function readSupervision(
  app: Pm2App,
  note: (text: string) => void,
): Readonly<Record<string, unknown>> {
  const cron = app.cron_restart ?? app.cron;
  return {
    memoryLimit: size(app.max_memory_restart, note),
    readyTimeout: span("listen_timeout", app, note),
    stopTimeout: span("kill_timeout", app, note),
    cron: typeof cron === "string" && cron !== "0" ? cron : undefined,
    restart: readRestart(app, note),
    uid: app.uid ?? app.user,
    gid: app.gid,
  };
}

function readRestart(app: Pm2App, note: (text: string) => void): unknown {
  if (app.autorestart === false) return false;
  const delay = span("restart_delay", app, note);
  const backoff = span("exp_backoff_restart_delay", app, note);
  const restart = {
    intensity: typeof app.max_restarts === "number" ? app.max_restarts : undefined,
    stableAfter: span("min_uptime", app, note),
    minDelay: backoff ?? delay,
    // PM2's own bound of the growing pause; a pause that does not grow has itself as its bound.
    maxDelay: backoff === undefined ? delay : "15s",
    stopCodes: stopCodes(app.stop_exit_codes),
  };
  const isEmpty = Object.values(restart).every((value) => value === undefined);
  if (restart.intensity !== undefined) {
    note(
      `max_restarts is now ${restart.intensity} restarts within restart.period (10s by default)`,
    );
  }
  return isEmpty ? undefined : restart;
}

function stopCodes(value: unknown): readonly number[] | undefined {
  if (value === undefined || value === null) return undefined;
  return [value].flat().map(Number);
}

/** PM2 takes milliseconds, and texts such as `"10s"`; `0` means that there is none. */
function span(key: string, app: Pm2App, note: (text: string) => void): number | string | undefined {
  const value = app[key];
  if (value === undefined || value === null || value === 0) return undefined;
  if (typeof value === "number" && value > 0) return value;
  if (typeof value === "string" && /^\d+$/.test(value)) return Number(value);
  if (typeof value === "string" && /^\d+(ms|s|m|h)$/.test(value)) return value;
  note(`${key} is ${JSON.stringify(value)}, which is not a time span: not taken over`);
  return undefined;
}

function size(value: unknown, note: (text: string) => void): number | string | undefined {
  if (value === undefined || value === null || value === 0) return undefined;
  if (typeof value === "number") return value;
  if (typeof value === "string" && /^\d+$/.test(value)) return Number(value);
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*([kmg])b?$/i.exec(String(value)) ?? [];
  if (amount !== undefined && unit !== undefined) return `${amount}${unit.toLowerCase()}b`;
  note(`max_memory_restart is ${JSON.stringify(value)}, which is not a size: not taken over`);
  return undefined;
}
