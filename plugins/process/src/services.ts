// What services, and the entries of processes that have some, import: small, unlike the rest of the package.
export type { Environment } from "./procfile/environment.ts";
export { getService } from "./services/local.ts";
export type {
  ConfigFunction,
  Service,
  ServiceClass,
  ServiceContext,
  ServiceState,
  ServiceStatus,
} from "./services/types.ts";
