import { parseDuration, parseSize } from "@elpis/api";
import type { IndicatorScope } from "@elpis/telemetry";
import type { CheckFunction, HealthIndicator } from "../types.ts";
import { diskCheck, loopCheck, memoryCheck } from "./machine.ts";
import { mysqlCheck } from "./mysql.ts";
import { httpCheck, hubCheck, tcpCheck } from "./network.ts";
import { postgresCheck } from "./postgres.ts";
import { redisCheck } from "./redis.ts";

/** What a check needs to run. */
export interface MadeCheck {
  readonly check: CheckFunction;
  readonly scope: IndicatorScope;
  close?(): void;
}

/** What is looked at as a function; the options have been checked. */
export function makeCheck(one: HealthIndicator): MadeCheck {
  const scope = "process";
  if ("disk" in one) return { check: diskCheck(one.disk, one.minFree ?? "10%"), scope: "system" };
  if ("tcp" in one) return { check: tcpCheck(one.tcp), scope };
  if ("http" in one) return { check: httpCheck(one.http), scope };
  if ("redis" in one) return { check: redisCheck(one.redis), scope };
  if ("mysql" in one) return { check: mysqlCheck(one.mysql, one.user ?? "elpis"), scope };
  if ("postgres" in one) {
    const { postgres: address, user = "postgres", database = user } = one;
    return { check: postgresCheck({ address, user, database }), scope };
  }
  if ("hub" in one) return { check: hubCheck(one.hub, one.input ?? {}, one.to), scope };
  if ("loop" in one) return { ...loopCheck(parseDuration(one.loop) ?? 0), scope };
  if ("memory" in one) {
    const { heap = 1, rss } = one.memory;
    const rssBytes = rss === undefined ? Number.POSITIVE_INFINITY : (parseSize(rss) ?? 0);
    return { check: memoryCheck(heap, rssBytes), scope };
  }
  return { check: one.check, scope };
}
