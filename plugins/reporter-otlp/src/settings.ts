import { HIDDEN, type Temporality } from "@elpis/api";
import { type Environment, type OnWrong, Variables } from "./environment.ts";
import {
  isHeader,
  type OtlpOptions,
  type OtlpProtocol,
  type OtlpSignal,
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

const PATHS: Readonly<Record<OtlpSignal, string>> = {
  metrics: "v1/metrics",
  traces: "v1/traces",
  logs: "v1/logs",
};

/** Options first, then the variable of the signal, then the one of all signals, as OpenTelemetry has it. */
export function settingsOf(
  options: OtlpOptions,
  env: Environment,
  onWrong: OnWrong = () => {},
): Settings {
  const { signals = SIGNALS } = options;
  const said = new Variables(env, onWrong);
  return {
    doors: SIGNALS.filter((one) => signals.includes(one)).map((one) => doorOf(one, options, said)),
    temporality:
      options.temporality ??
      (said.text("METRICS_TEMPORALITY_PREFERENCE")?.toLowerCase() === "delta"
        ? "delta"
        : "cumulative"),
    histograms:
      options.histograms ??
      (said.text("METRICS_DEFAULT_HISTOGRAM_AGGREGATION") === "explicit_bucket_histogram"
        ? "explicit"
        : "exponential"),
  };
}

function doorOf(signal: OtlpSignal, options: OtlpOptions, said: Variables): Door {
  const own = (name: string): string => `${signal.toUpperCase()}_${name}`;
  const protocol =
    options.protocol ?? said.protocol(own("PROTOCOL"), "PROTOCOL") ?? ("http/protobuf" as const);
  const isGrpc = protocol === "grpc";
  const insecure = [own("INSECURE"), "INSECURE"];
  // An option for all wins over a variable for one: whoever writes it does not know what the machine says.
  const whole =
    options.endpoints?.[signal] ??
    (options.endpoint === undefined ? said.url(own("ENDPOINT"), isGrpc, insecure) : undefined);
  const fallback = isGrpc ? "http://localhost:4317" : "http://localhost:4318";
  const base = options.endpoint ?? (whole ? undefined : said.url("ENDPOINT", isGrpc, insecure));
  const url = new URL(whole ?? base ?? fallback);
  if (whole === undefined && !isGrpc) {
    url.pathname = `${url.pathname.replace(/\/+$/, "")}/${PATHS[signal]}`;
  }
  const compression = options.compression ?? said.text(own("COMPRESSION"), "COMPRESSION") ?? "none";
  return {
    ...{ signal, protocol, gzip: compression === "gzip" },
    headers: {
      ...credentialsOf(url),
      ...headersOf(said.text("HEADERS")),
      ...headersOf(said.text(own("HEADERS"))),
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
