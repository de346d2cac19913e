import type { Client } from "@elpis/api";
import { createLogger } from "@elpis/core";
import type {
  AppConfig,
  AppDefinition,
  ProcessDefinition,
  ServiceDefinition,
} from "../config/types.ts";
import { ALL } from "../procfile/categories.ts";
import { makeEnvironment } from "../procfile/environment.ts";
import { staticDependencies } from "./class.ts";
import { findService } from "./context.ts";
import { loadServiceClass } from "./entry.ts";
import { serviceUnknown } from "./errors.ts";
import { setServiceFinder } from "./local.ts";
import type { ServiceParts } from "./running.ts";
import { Services } from "./services.ts";
import { SERVICES_TOPIC } from "./types.ts";

/** What {@link bootServices} is given. */
export interface BootServicesOptions {
  readonly client: Client;
  readonly config: AppConfig;
  readonly definition: AppDefinition;
  readonly process: ProcessDefinition;
  readonly startWithinMs: number;
  /** Told before anything starts, so that they can be stopped meanwhile. */
  readonly onMade: (services: Services) => void;
}

/**
 * Loads, makes and starts the services of a process.
 *
 * @returns undefined when they were stopped before all had started
 * @throws ELPIS_SERVICE_ENTRY, ELPIS_SERVICE_FAILED, ELPIS_SERVICE_TIMEOUT, ELPIS_SERVICE_WAIT, ELPIS_SERVICE_CYCLE,
 * ELPIS_SERVICE_UNKNOWN
 */
export async function bootServices(options: BootServicesOptions): Promise<Services | undefined> {
  const { client, config, definition, process: own } = options;
  const { name: appName, dir: appDir, services: definitions } = definition;
  const mine = definitions.filter(({ name }) => own.services.includes(name));
  const parts: ServiceParts[] = [];
  for (const one of mine) parts.push(await loadParts(one, config, definition));
  const processName = own.name;
  const services = new Services({
    parts,
    definitions,
    startWithinMs: options.startWithinMs,
    world: {
      client,
      log: createLogger(),
      environment: makeEnvironment(config.environment, { appName, appDir, processName }),
      appName,
      appDir,
      processName,
      published: new Set(definitions.filter((one) => one.publish).map((one) => one.name)),
    },
  });
  client.handle(SERVICES_TOPIC, () => services.status());
  setServiceFinder((wanted) => findService(services.world.services, wanted));
  options.onMade(services);
  return (await services.start()) ? services : undefined;
}

async function loadParts(
  service: ServiceDefinition,
  config: AppConfig,
  { file, services }: AppDefinition,
): Promise<ServiceParts> {
  const given = config.services?.[service.name];
  const value = typeof given === "object" ? given : { entry: given, config: undefined };
  const { name, publish, timeoutMs } = service;
  const serviceClass = await loadServiceClass(name, value.entry, service.entry, file);
  const statics = staticDependencies(serviceClass);
  const known = services.map((one) => one.name);
  const unknown = statics.find((one) => one !== ALL && !known.includes(one));
  if (unknown !== undefined) {
    throw serviceUnknown(unknown, `the class of "${name}" names it in its dependencies`, known);
  }
  const dependsOn = [...new Set([...service.dependsOn, ...statics])];
  return { name, serviceClass, dependsOn, config: value.config, publish, timeoutMs };
}
