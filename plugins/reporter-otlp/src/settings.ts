import { HIDDEN, type Temporality } from "@elpis/api";
import {
  isHeader,
  isHttpUrl,
  type OtlpOptions,
  type OtlpProtocol,
  type OtlpSignal,
  PROTOCOLS,
  SIGNALS,
} from "./options.ts";

/** How one signal is sent. */
export interface Door {
  readonly signal: OtlpSignal;
  readonly protocol: OtlpProtocol;
  /** Without a name or a password. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly gzip: boolean;
}

/** What options and the environment say together. */
export interface Settings {
  readonly doors: readonly Door[];
  readonly temporality: Temporality;
  readonly histograms: "exponential" | "explicit";
}

export type Environment = Readonly<Record<string, string | undefined>>;

const PATHS: Readonly<Record<OtlpSignal, string>> = {
  metrics: "v1/metrics",
  traces: "v1/traces",
  logs: "v1/logs",
};

/** Options first, then the variable of the signal, then the one of all signals, as OpenTelemetry has it. */
export function settingsOf(options: OtlpOptions, env: Environment): Settings {
  const { signals = SIGNALS } = options;
  return {
    doors: SIGNALS.filter((one) => signals.includes(one)).map((one) => doorOf(one, options, env)),
    temporality:
      options.temporality ??
      (textOf(env, "METRICS_TEMPORALITY_PREFERENCE")?.toLowerCase() === "delta"
        ? "delta"
        : "cumulative"),
    histograms:
      options.histograms ??
      (textOf(env, "METRICS_DEFAULT_HISTOGRAM_AGGREGATION") === "explicit_bucket_histogram"
        ? "explicit"
        : "exponential"),
  };
}

function doorOf(signal: OtlpSignal, options: OtlpOptions, env: Environment): Door {
  const own = (name: string): string | undefined => textOf(env, `${signal.toUpperCase()}_${name}`);
  const asked = own("PROTOCOL") ?? textOf(env, "PROTOCOL");
  const protocol =
    options.protocol ?? PROTOCOLS.find((one) => one === asked) ?? ("http/protobuf" as const);
  const isGrpc = protocol === "grpc";
  const base = options.endpoint ?? urlOf(textOf(env, "ENDPOINT"));
  // An option for all wins over a variable for one: whoever writes it does not know what the machine says.
  const whole =
    options.endpoints?.[signal] ??
    (options.endpoint === undefined ? urlOf(own("ENDPOINT")) : undefined);
  const fallback = isGrpc ? "http://localhost:4317" : "http://localhost:4318";
  const url = new URL(whole ?? base ?? fallback);
  if (whole === undefined && !isGrpc) {
    url.pathname = `${url.pathname.replace(/\/+$/, "")}/${PATHS[signal]}`;
  }
  const compression =
    options.compression ?? own("COMPRESSION") ?? textOf(env, "COMPRESSION") ?? "none";
  return {
    ...{ signal, protocol, gzip: compression === "gzip" },
    headers: {
      ...credentialsOf(url),
      ...headersOf(textOf(env, "HEADERS")),
      ...headersOf(own("HEADERS")),
      ...named(options.headers ?? {}),
    },
    url: url.href,
  };
}

/** Takes name and password out of an address, where `fetch` does not take them. */
function credentialsOf(url: URL): Record<string, string> {
  const { username, password } = url;
  if (username === "" && password === "") return {};
  url.username = "";
  url.password = "";
  const plain = `${decoded(username)}:${decoded(password)}`;
  return { authorization: `Basic ${Buffer.from(plain).toString("base64")}` };
}

/** `name=value,other=value`, with values encoded as in a URL. What is none is left out, as OpenTelemetry does it. */
function headersOf(text: string | undefined): Record<string, string> {
  const pairs = (text ?? "").split(",").flatMap((part) => {
    const at = part.indexOf("=");
    const pair = [part.slice(0, at).trim(), decoded(part.slice(at + 1))] as const;
    return at > 0 && isHeader(pair) ? [pair] : [];
  });
  return named(Object.fromEntries(pairs));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** One name, however it is written, is one header. */
function named(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value.trim()]),
  );
}

function textOf(env: Environment, name: string): string | undefined {
  const text = env[`OTEL_EXPORTER_OTLP_${name}`]?.trim();
  return text === "" ? undefined : text;
}

/** What cannot be an address is as good as not said. */
function urlOf(text: string | undefined): string | undefined {
  return isHttpUrl(text) ? text : undefined;
}

/** Takes secrets out of what a backend, or the system, says. */
export function scrubber({ headers, url }: Door): (text: string) => string {
  const { pathname, searchParams } = new URL(url);
  const values = [...Object.values(headers), ...searchParams.values()];
  const [, basic] = /^basic (.*)$/i.exec(headers.authorization ?? "") ?? [];
  const [, ...password] = Buffer.from(basic ?? "", "base64")
    .toString()
    .split(":");
  values.push(password.join(":"));
  // `Bearer abc` and the like: what stands behind the scheme is the secret. Some backends have theirs in the path.
  const parts = [...values.flatMap((value) => value.split(" ")), ...pathname.split("/")];
  const secrets = [...values, ...parts]
    .filter((part) => part.length >= 6 && !/^(?:basic|bearer)$/i.test(part))
    .filter((part) => !/^(?:metrics|traces)$/.test(part))
    .sort((a, b) => b.length - a.length);
  return (text) => secrets.reduce((all, secret) => all.replaceAll(secret, HIDDEN), text);
}
