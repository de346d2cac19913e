import type { AnyInstrumentation } from "../options.ts";
import { load } from "../otel.ts";
import type { LibraryName } from "./names.ts";
import { loadSayCommand, redisStatements } from "./redis-statements.ts";

type Options = Readonly<Record<string, unknown>>;
type Kind = new (options: Options) => AnyInstrumentation;

/** How one library is traced. */
export interface Library {
  /** What is looked for; undefined: Node has it. */
  readonly installedAs: readonly string[] | undefined;
  /** Whether it is traced without being asked for. */
  readonly isDefault: boolean;
  /** Loads what traces it, and nothing else. */
  readonly kind: () => Kind | Promise<Kind>;
  /** What its instrumentation is told, unless the application says otherwise. */
  readonly options?: Options | (() => Options);
  /** And whatever the application says. */
  readonly fixed?: Options;
  /** Functions that it stays out of where nothing is recorded, and those that call back from somewhere else; see `gate`. */
  readonly quiet?: readonly string[];
  readonly callingBack?: readonly string[];
}

/** One that OpenTelemetry has. */
function official(name: string, kind: string, more: Partial<Library> = {}): Library {
  return {
    installedAs: [name],
    isDefault: true,
    kind: () => load(`@opentelemetry/instrumentation-${name}`)[kind] as Kind,
    ...more,
  };
}

/** One of our own, or an official one that is changed. */
function own(name: string, kind: () => Promise<Kind>): Library {
  return { installedAs: [name], isDefault: true, kind };
}

const inNode = { installedAs: undefined };
/** Trace ids go into what is logged; what is logged goes nowhere else. */
const logger = { options: { disableLogSending: true } };

/** Statements are masked where spans are made plain data of, which holds for all of them; they come as they are. */
export const LIBRARIES: Readonly<Record<LibraryName, Library>> = {
  amqplib: official("amqplib", "AmqplibInstrumentation"),
  bluebird: own("bluebird", async () => (await import("./bluebird.ts")).BluebirdInstrumentation),
  bunyan: official("bunyan", "BunyanInstrumentation", logger),
  dns: official("dns", "DnsInstrumentation", { ...inNode, isDefault: false }),
  express: official("express", "ExpressInstrumentation", {
    // Each of them is a span, and mostly of no time at all.
    options: { ignoreLayersType: ["middleware", "router"] },
  }),
  fastify: {
    installedAs: ["fastify"],
    isDefault: true,
    kind: () => load("@fastify/otel").FastifyOtelInstrumentation as Kind,
    options: { registerOnInitialization: true },
  },
  grpc: official("grpc", "GrpcInstrumentation", { installedAs: ["@grpc/grpc-js"] }),
  http: official("http", "HttpInstrumentation", {
    ...inNode,
    // Servers are traced where they tell of a request.
    fixed: { disableIncomingRequestInstrumentation: true },
  }),
  ioredis: official("ioredis", "IORedisInstrumentation", {
    quiet: ["sendCommand"],
    options: () => ({ dbStatementSerializer: redisStatements(loadSayCommand()) }),
  }),
  kafkajs: official("kafkajs", "KafkaJsInstrumentation"),
  koa: official("koa", "KoaInstrumentation", { options: { ignoreLayersType: ["middleware"] } }),
  log4js: own("log4js", async () => (await import("./log4js.ts")).Log4jsInstrumentation),
  mongodb: official("mongodb", "MongoDBInstrumentation", { quiet: ["command"] }),
  mongoose: official("mongoose", "MongooseInstrumentation"),
  mysql: own("mysql", async () => (await import("./mysql.ts")).MysqlInstrumentation),
  mysql2: {
    ...own("mysql2", async () => (await import("./mysql2.ts")).Mysql2Instrumentation),
    quiet: ["query", "execute"],
  },
  net: official("net", "NetInstrumentation", { ...inNode, isDefault: false }),
  pg: official("pg", "PgInstrumentation", {
    installedAs: ["pg", "pg-pool"],
    options: { ignoreConnectSpans: true },
    quiet: ["query"],
    // Where connecting makes no span it does not do this itself.
    callingBack: ["connect"],
  }),
  pino: official("pino", "PinoInstrumentation", logger),
  redis: official("redis", "RedisInstrumentation", { installedAs: ["redis", "@redis/client"] }),
  undici: official("undici", "UndiciInstrumentation", inNode),
  winston: official("winston", "WinstonInstrumentation", logger),
};
