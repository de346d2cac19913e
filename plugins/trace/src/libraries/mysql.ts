import type { Span } from "@opentelemetry/api";
import type { InstrumentationConfig } from "@opentelemetry/instrumentation";
import { context, SpanKind, SpanStatusCode, trace } from "../otel.ts";
import { InstrumentationBase, NodeModule, NodeModuleFile } from "./base.ts";
import { type Call, callingBackInContext } from "./in-context.ts";

/** What is used of a query of the driver; whatever becomes of one, its `end` is called once. */
interface Query {
  readonly sql?: string;
  _callback?: (...args: never[]) => unknown;
  end(error?: Error & { readonly code?: string }, ...rest: unknown[]): unknown;
}
interface Connection {
  readonly config?: { readonly host?: string; readonly port?: number; readonly database?: string };
  query(this: Connection, ...args: unknown[]): Query;
}
interface Pool {
  getConnection: Call;
}
type Kind<Instance> = { readonly prototype: Instance };

const VERSIONS = [">=2 <3"];

/**
 * One span for each statement, however it comes to its connection: by itself, from a pool or from a cluster of them. The
 * instrumentation of OpenTelemetry makes two for a pool, and none for a part of a cluster.
 */
export class MysqlInstrumentation extends InstrumentationBase {
  constructor(config: InstrumentationConfig = {}) {
    super("elpis-mysql", "1.0.0", config);
  }

  protected override init(): NodeModule {
    const connection = new NodeModuleFile(
      "mysql/lib/Connection.js",
      VERSIONS,
      (exported: Kind<Connection>) => {
        this._wrap(exported.prototype, "query", (query) => this.#followed(query));
        return exported;
      },
      (exported: Kind<Connection>) => this._unwrap(exported.prototype, "query"),
    );
    const pool = new NodeModuleFile(
      "mysql/lib/Pool.js",
      VERSIONS,
      (exported: Kind<Pool>) => {
        this._wrap(exported.prototype, "getConnection", callingBackInContext);
        return exported;
      },
      (exported: Kind<Pool>) => this._unwrap(exported.prototype, "getConnection"),
    );
    return new NodeModule("mysql", VERSIONS, undefined, undefined, [connection, pool]);
  }

  #followed(query: Connection["query"]): Connection["query"] {
    const begin = (connection: Connection): Span => this.#begin(connection);
    return function (...args) {
      const span = begin(this);
      const outer = context.active();
      let asked: Query;
      try {
        asked = context.with(trace.setSpan(outer, span), () => query.apply(this, args));
      } catch (error) {
        fail(span, error as Error);
        span.end();
        throw error;
      }
      const { end, sql = "", _callback: callback } = asked;
      span.updateName(/^[\s(]*(\w+)/.exec(sql)?.[1]?.toUpperCase() ?? "query");
      span.setAttribute("db.query.text", sql);
      // A listener to its errors would have the driver take them for handled.
      asked.end = function (error, ...rest) {
        if (error) fail(span, error);
        span.end();
        return end.call(this, error, ...rest);
      };
      if (callback !== undefined) asked._callback = context.bind(outer, callback);
      return asked;
    };
  }

  #begin({ config }: Connection): Span {
    return this.tracer.startSpan("query", {
      kind: SpanKind.CLIENT,
      attributes: {
        "db.system.name": "mysql",
        ...(config?.database !== undefined && { "db.namespace": config.database }),
        ...(config?.host !== undefined && { "server.address": config.host }),
        ...(config?.port !== undefined && { "server.port": config.port }),
      },
    });
  }
}

function fail(span: Span, error: Error & { readonly code?: string }): void {
  span.setAttribute("error.type", error.code ?? error.name);
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
}
