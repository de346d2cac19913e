/**
 * Under this name the client of a process that Elpis has started is found on `globalThis`, for modules that cannot be handed
 * one. Applications use `hub` of `@elpis/core/process`, which is the same.
 */
export const PROCESS_CLIENT: unique symbol = Symbol.for("elpis.process.client");
