import type { PluginHost } from "@elpis/api";
import type { TraceOptions } from "../options.ts";

export function keep(_host: PluginHost, _options: TraceOptions): void {}
