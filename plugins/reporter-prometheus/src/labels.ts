import type { Point, Tags } from "@elpis/api";
import { sourceLabels } from "@elpis/telemetry";

/** What of a reporter's options says whose the series are. */
interface Whose {
  readonly job?: string;
  readonly instance?: string;
}

/** `job` and `instance`, as OpenTelemetry's own way to Prometheus has them. */
export function targetLabels(resource: Tags, options: Whose): { job: string; instance: string } {
  const text = (name: string): string => String(resource[name] ?? "");
  const namespace = text("service.namespace");
  const service = text("service.name") || "elpis";
  return {
    job: options.job ?? (namespace === "" ? service : `${namespace}/${service}`),
    instance: options.instance ?? (text("host.name") || text("service.instance.id") || "elpis"),
  };
}

/** Labels of a point that tags of the same name must not take away. */
export function ownLabels(fixed: Readonly<Record<string, string>>): (point: Point) => Tags {
  return (point) => ({ ...sourceLabels(point), ...fixed });
}

/** What tells a series apart, before names are cleaned. */
export function seriesKey({ name, kind, unit, source, tags }: Point): string {
  return JSON.stringify([name, kind, unit, source.app, source.name, source.index, tags]);
}
