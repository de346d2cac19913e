import type { LogFields, Logger } from "@elpis/api";

/** What the methods of pino are, as far as they are needed here. */
interface Lines {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: LogFields): Lines;
}

const NONE: LogFields = {};

/**
 * A logger of this package, or of pino, for what wants a `Logger` of Elpis: `createHub`, `connect`, `createMaster`, a
 * plugin's own parts.
 *
 * @example await connect({ path, secret, log: elpisLogger(createLogger("hub")) });
 */
export function elpisLogger(log: Lines): Logger {
  return {
    debug: (message, fields = NONE) => log.debug(fields, message),
    info: (message, fields = NONE) => log.info(fields, message),
    warn: (message, fields = NONE) => log.warn(fields, message),
    error: (message, fields = NONE) => log.error(fields, message),
    child: (fields) => elpisLogger(log.child(fields)),
  };
}
