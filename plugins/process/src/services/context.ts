import type { Client, Logger, PublishOptions, Remote } from "@elpis/api";
import type { Environment } from "../procfile/environment.ts";
import { methodsToPublish } from "./class.ts";
import { serviceUnknown } from "./errors.ts";
import type { RunningService } from "./running.ts";
import type { ServiceContext } from "./types.ts";

/** What all services of a process share. */
export interface ServiceWorld {
  readonly client: Client;
  readonly log: Logger;
  readonly environment: Environment;
  readonly appName: string;
  readonly appDir: string;
  readonly processName: string;
  /** Names of the services that others can call, in any process. */
  readonly published: ReadonlySet<string>;
  /** Those of this process. */
  readonly services: readonly RunningService[];
}

/** What one service is made with. */
export function makeContext(
  world: ServiceWorld,
  service: RunningService,
  config: unknown,
): ServiceContext {
  const { client, environment, appName, appDir, processName } = world;
  return {
    serviceName: service.name,
    config,
    dependencies: service.dependsOn,
    logger: world.log.child({ service: service.name }),
    hub: client,
    env: String(environment.get("env")),
    environment,
    appName,
    appDir,
    processName,
    getDependency: <T extends object>(name: string) => dependencyOf(world, service, name) as T,
    getService: <T extends object>(wanted: string | (new (...args: never[]) => T)) =>
      findService(world.services, wanted),
    publish: <T extends object>(name: string, object: T, options?: PublishOptions<T>) =>
      publish(world, service, name, object, options),
    unpublish: (name) => service.unpublish(name),
    getProxy: <T extends object>(name: string): Remote<T> => client.proxy<T>(name),
  };
}

async function publish<T extends object>(
  world: ServiceWorld,
  service: RunningService,
  name: string,
  object: T,
  options?: PublishOptions<T>,
): Promise<void> {
  const methods = methodsToPublish(object) as unknown as NonNullable<PublishOptions<T>["methods"]>;
  service.addPublished(name, await world.client.publish<T>(name, object, options ?? { methods }));
}

function dependencyOf(world: ServiceWorld, service: RunningService, name: string): object {
  const { dependsOn } = service;
  if (!dependsOn.includes(name)) {
    throw serviceUnknown(name, `"${service.name}" does not name it in its dependencies`, dependsOn);
  }
  if (world.services.some((one) => one.name === name)) return findService(world.services, name);
  if (world.published.has(name)) return world.client.proxy(name);
  const why = "it runs in another process, and is not published";
  throw serviceUnknown(name, why, [...world.published]);
}

/** A service that has been made, by its name or its class. @throws ELPIS_SERVICE_UNKNOWN */
export function findService<T extends object>(
  services: readonly RunningService[],
  wanted: string | (new (...args: never[]) => T),
): T {
  const known = services.filter(({ instance }) => instance !== undefined);
  const found = known.find(({ name, instance }) =>
    typeof wanted === "string" ? name === wanted : isOf(instance as object, wanted),
  );
  if (found !== undefined) return found.instance as T;
  const label = typeof wanted === "string" ? wanted : wanted.name;
  const isLater = services.some(({ name }) => name === label);
  const why = isLater
    ? "it has not started yet; name it in the dependencies"
    : "none of that name runs in this process";
  throw serviceUnknown(
    label,
    why,
    known.map(({ name }) => name),
  );
}

/** A loader for TypeScript (jiti) may evaluate one module twice: the class is the same one in all but identity then. */
function isOf(instance: object, wanted: new (...args: never[]) => object): boolean {
  if (instance instanceof wanted) return true;
  const { constructor: own } = instance;
  return own.name === wanted.name && String(own) === String(wanted);
}
