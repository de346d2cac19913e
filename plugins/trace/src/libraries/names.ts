/** Libraries that can be traced. */
export const LIBRARY_NAMES = [
  "amqplib",
  "bluebird",
  "bunyan",
  "dns",
  "express",
  "fastify",
  "grpc",
  "http",
  "ioredis",
  "kafkajs",
  "koa",
  "log4js",
  "mongodb",
  "mongoose",
  "mysql",
  "mysql2",
  "net",
  "pg",
  "pino",
  "redis",
  "undici",
  "winston",
] as const;

/** Name of a library, as it is installed; `http` is that of Node as a client, `grpc` is `@grpc/grpc-js`. */
export type LibraryName = (typeof LIBRARY_NAMES)[number];
