import { isHttpUrl, type OtlpProtocol, PROTOCOLS } from "./options.ts";

/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Told the name of a variable that says nothing that makes sense, and what it should be; never its value, which may be a secret. */
export type OnWrong = (name: string, expected: string) => void;

/** Reads what the variables `OTEL_EXPORTER_OTLP_…` say: that of a signal first, then that of all. */
export class Variables {
  readonly #env: Environment;
  readonly #onWrong: OnWrong;

  constructor(env: Environment, onWrong: OnWrong) {
    this.#env = env;
    this.#onWrong = onWrong;
  }

  /** The first of these that says something. */
  text(...names: readonly string[]): string | undefined {
    return this.#find(names)?.text;
  }

  /** How requests are written. What there is none of is the default. */
  protocol(...names: readonly string[]): OtlpProtocol | undefined {
    const found = this.#find(names);
    const protocol = PROTOCOLS.find((one) => one === found?.text);
    if (found !== undefined && protocol === undefined) {
      this.#onWrong(found.name, `one of ${PROTOCOLS.join(", ")}`);
    }
    return protocol;
  }

  /** An address. By gRPC it may be host and port alone, over TLS unless one of `insecure` says otherwise. */
  url(name: string, isGrpc: boolean, insecure: readonly string[] = []): string | undefined {
    const found = this.#find([name]);
    if (found === undefined || isHttpUrl(found.text)) return found?.text;
    if (isGrpc && /^(?:[\w.-]+|\[[\da-f:.]+\]):\d+$/i.test(found.text)) {
      const scheme = this.text(...insecure)?.toLowerCase() === "true" ? "http" : "https";
      const url = `${scheme}://${found.text}`;
      if (isHttpUrl(url)) return url;
    }
    const target = isGrpc ? ", or host:port" : "";
    this.#onWrong(found.name, `a URL with http or https${target}`);
    return undefined;
  }

  #find(names: readonly string[]): { readonly name: string; readonly text: string } | undefined {
    for (const short of names) {
      const name = `OTEL_EXPORTER_OTLP_${short}`;
      const text = this.#env[name]?.trim();
      if (text !== undefined && text !== "") return { name, text };
    }
    return undefined;
  }
}
