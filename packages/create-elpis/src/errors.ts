/** Why nothing was made. `code` is stable; the message says what to do next. */
export class CreateError extends Error {
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly retryable = false;

  constructor(
    code: string,
    message: string,
    { cause, ...details }: Readonly<Record<string, unknown>> = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "CreateError";
    this.code = code;
    this.details = details;
  }
}

/** The command line cannot be understood. */
export function usageError(what: string): CreateError {
  return new CreateError("ELPIS_CREATE_USAGE", `${what}; see: npm create elpis -- --help`);
}

/** There is no template of that name. */
export function unknownTemplate(template: string, known: readonly string[]): CreateError {
  return new CreateError(
    "ELPIS_CREATE_TEMPLATE",
    `There is no template ${JSON.stringify(template)}; there are ${known.join(", ")}.`,
    { template, known: [...known] },
  );
}

/** npm would not take a package of that name. */
export function badName(name: string, why: string): CreateError {
  return new CreateError(
    "ELPIS_CREATE_NAME",
    `${JSON.stringify(name)} is no name for an npm package: ${why}. Give another one with --name.`,
    { name, why },
  );
}

/** Something is there that would be lost, or mixed up with what is made. */
export function exists(path: string, what: string, next: string): CreateError {
  return new CreateError("ELPIS_CREATE_EXISTS", `${path} ${what}; ${next}.`, { path });
}

/** The disk does not take it. `isBegun`: files were being put in their places. */
export function notWritten(path: string, cause: unknown, isBegun = false): CreateError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new CreateError(
    "ELPIS_CREATE_NOT_WRITTEN",
    `${path} cannot be written (${why}); ${isBegun ? "some files are there already" : "nothing was made"}.`,
    { cause, path },
  );
}
