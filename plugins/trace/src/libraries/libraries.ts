import type { AnyInstrumentation } from "../options.ts";
import type { LibraryName } from "./names.ts";

type Options = Readonly<Record<string, unknown>>;
/** What the packages have in common. */
type Kind = new (options: never) => AnyInstrumentation;

/** How one library is traced. */
export interface Library {
  /** What is looked for; undefined: Node has it. */
  readonly installedAs: readonly string[] | undefined;
  /** Whether it is traced without being asked for. */
  readonly isDefault: boolean;
  /** Loads what traces it, and nothing else. */
  readonly make: (options: Options) => Promise<AnyInstrumentation>;
}

const made = (Kind: Kind, options: Options): AnyInstrumentation => new Kind(options as never);

/** Statements are masked where spans are made plain data of, which holds for all of them; they come as they are. */
export const LIBRARIES: Readonly<Record<LibraryName, Library>> = {
  amqplib: {
    installedAs: ["amqplib"],
    isDefault: true,
    make: async (options) =>
      made(
        (await import("@opentelemetry/instrumentation-amqplib")).AmqplibInstrumentation,
        options,
      ),
  },
  bluebird: {
    installedAs: ["bluebird"],
    isDefault: true,
    make: async (options) => made((await import("./bluebird.ts")).BluebirdInstrumentation, options),
  },
  bunyan: {
    installedAs: ["bunyan"],
    isDefault: true,
    make: async (options) =>
      made((await import("@opentelemetry/instrumentation-bunyan")).BunyanInstrumentation, {
        disableLogSending: true,
        ...options,
      }),
  },
  dns: {
    installedAs: undefined,
    isDefault: false,
    make: async (options) =>
      made((await import("@opentelemetry/instrumentation-dns")).DnsInstrumentation, options),
  },
  express: {
    installedAs: ["express"],
    isDefault: true,
    make: async (options) =>
      made((await import("@opentelemetry/instrumentation-express")).ExpressInstrumentation, {
        // Each of them is a span, and mostly of no time at all.
        ignoreLayersType: ["middleware", "router"],
        ...options,
      }),
  },
  fastify: {
    installedAs: ["fastify"],
    isDefault: true,
    make: async (options) =>
      made((await import("@fastify/otel")).FastifyOtelInstrumentation as unknown as Kind, {
        registerOnInitialization: true,
        ...options,
      }),
  },
  grpc: {
    installedAs: ["@grpc/grpc-js"],
    isDefault: true,
    make: async (options) =>
      made((await import("@opentelemetry/instrumentation-grpc")).GrpcInstrumentation, options),
  },
  http: {
    installedAs: undefined,
    isDefault: true,
    make: async (options) =>
      made((await import("@opentelemetry/instrumentation-http")).HttpInstrumentation, {
        ...options,
        // Servers are traced where they tell of a request.
        disableIncomingRequestInstrumentation: true,
      }),
  },
  ioredis: {
    installedAs: ["ioredis"],
    isDefault: true,
    make: async (options) =>
      made(
        (await import("@opentelemetry/instrumentation-ioredis")).IORedisInstrumentation,
        options,
      ),
  },
  kafkajs: {
    installedAs: ["kafkajs"],
    isDefault: true,
    make: async (options) =>
      made(
        (await import("@opentelemetry/instrumentation-kafkajs")).KafkaJsInstrumentation,
        options,
      ),
  },
  koa: {
    installedAs: ["koa"],
    isDefault: true,
    make: async (options) =>
      made((await import("@opentelemetry/instrumentation-koa")).KoaInstrumentation, {
        ignoreLayersType: ["middleware"],
        ...options,
      }),
  },
  log4js: {
    installedAs: ["log4js"],
    isDefault: true,
    make: async (options) => made((await import("./log4js.ts")).Log4jsInstrumentation, options),
  },
  mongodb: {
    installedAs: ["mongodb"],
    isDefault: true,
    make: async (options) =>
      made(
        (await import("@opentelemetry/instrumentation-mongodb")).MongoDBInstrumentation,
        options,
      ),
  },
  mongoose: {
    installedAs: ["mongoose"],
    isDefault: true,
    make: async (options) =>
      made(
        (await import("@opentelemetry/instrumentation-mongoose")).MongooseInstrumentation,
        options,
      ),
  },
  mysql: {
    installedAs: ["mysql"],
    isDefault: true,
    make: async (options) => made((await import("./mysql.ts")).MysqlInstrumentation, options),
  },
  mysql2: {
    installedAs: ["mysql2"],
    isDefault: true,
    make: async (options) =>
      made((await import("@opentelemetry/instrumentation-mysql2")).MySQL2Instrumentation, options),
  },
  net: {
    installedAs: undefined,
    isDefault: false,
    make: async (options) =>
      made((await import("@opentelemetry/instrumentation-net")).NetInstrumentation, options),
  },
  pg: {
    installedAs: ["pg", "pg-pool"],
    isDefault: true,
    make: async (options) =>
      made((await import("@opentelemetry/instrumentation-pg")).PgInstrumentation, {
        ignoreConnectSpans: true,
        ...options,
      }),
  },
  pino: {
    installedAs: ["pino"],
    isDefault: true,
    make: async (options) =>
      made((await import("@opentelemetry/instrumentation-pino")).PinoInstrumentation, {
        disableLogSending: true,
        ...options,
      }),
  },
  redis: {
    installedAs: ["redis", "@redis/client"],
    isDefault: true,
    make: async (options) =>
      made((await import("@opentelemetry/instrumentation-redis")).RedisInstrumentation, options),
  },
  undici: {
    installedAs: undefined,
    isDefault: true,
    make: async (options) =>
      made((await import("@opentelemetry/instrumentation-undici")).UndiciInstrumentation, options),
  },
  winston: {
    installedAs: ["winston"],
    isDefault: true,
    make: async (options) =>
      made((await import("@opentelemetry/instrumentation-winston")).WinstonInstrumentation, {
        disableLogSending: true,
        ...options,
      }),
  },
};
