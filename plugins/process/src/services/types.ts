import type { Client, Logger, PublishOptions, Remote } from "@elpis/api";
import type { Environment } from "../procfile/environment.ts";

/** An instance of a service. Both methods may be asynchronous, and both may be left out. */
export interface Service {
  start?(): unknown;
  stop?(): unknown;
}

/** The class of a service. */
export interface ServiceClass {
  // A constructor of one's own may be narrower than this one; only `never` lets all of them be assigned.
  new (context: never): object;
  /** Names of services that must have started. */
  readonly dependencies?: readonly string[];
}

/** Gives the class of a service when it is needed: `() => import("./cache.js")`. */
export type ServiceLoader = () => unknown;

/** Gives what a service is configured with. `old` is what it would be without this function. */
export type ConfigFunction = (context: ServiceContext, old: unknown) => unknown;

/**
 * How far a service is: `noinstance` not made yet; `instanced` made; `booting` its `start()` runs; `booted` it has started;
 * `stopping` its `stop()` runs; `stopped`; `failed` one of these went wrong.
 */
export type ServiceState =
  | "noinstance"
  | "instanced"
  | "booting"
  | "booted"
  | "stopping"
  | "stopped"
  | "failed";

/** One service of one process, as it is now. */
export interface ServiceStatus {
  readonly name: string;
  readonly state: ServiceState;
  /** Static and declared, together. */
  readonly dependencies: readonly string[];
  /** Whether others can call it. */
  readonly published: boolean;
  /** How long `start()` took. */
  readonly startMs?: number;
  /** What went wrong. */
  readonly error?: string;
}

/** What a service is made with. */
export interface ServiceContext<Config = unknown> {
  readonly serviceName: string;
  readonly config: Config;
  /** Names of the services that this one needs, static and declared. */
  readonly dependencies: readonly string[];
  /** Each line names the service. */
  readonly logger: Logger;
  /** The client of this process. */
  readonly hub: Client;
  /** The environment's name: `production`, `prepub`, `test`, `development`, or what NODE_ENV says. */
  readonly env: string;
  readonly environment: Environment;
  readonly appName: string;
  readonly appDir: string;
  readonly processName: string;
  /**
   * A service that this one depends on: the instance when it runs in this process, else what it published.
   * @throws ELPIS_SERVICE_UNKNOWN
   */
  getDependency<T extends object = object>(name: string): T;
  /** A service of this process that has started, by name or class. @throws ELPIS_SERVICE_UNKNOWN */
  getService<T extends object = object>(service: string | (new (...args: never[]) => T)): T;
  /** Lets others call an object, until the service stops; without `options` all methods of its class. */
  publish<T extends object>(name: string, object: T, options?: PublishOptions<T>): Promise<void>;
  /** Takes back what was published under a name. */
  unpublish(name: string): void;
  /** An object that some process published. */
  getProxy<T extends object>(name: string): Remote<T>;
}

/** Asks a process how its services are. */
export const SERVICES_TOPIC = "elpis.services";
