import { ElpisError } from "@elpis/api";

/** The part of `oneapm` that is used. What is optional is not of its public API, but of its last version. */
export interface OneApm {
  /** Absent in what is handed out when the agent does not run. */
  readonly agent?: {
    readonly errors?: { readonly errors?: { readonly length: number } };
    harvest?(done: (error?: unknown) => void): void;
    stop?(done: (error?: unknown) => void): void;
  };
  noticeError(error: Error, parameters: object): void;
}

/** In a variable, since a bundler must leave it where it is: it changes modules while they are loaded. */
const PACKAGE: string = "oneapm";

/**
 * Loads the agent, which starts it where it has not been.
 *
 * @throws ELPIS_ONEAPM_MISSING when it is not installed
 * @throws ELPIS_ONEAPM_OFF when it does not run
 */
export async function loadAgent(): Promise<OneApm> {
  let api: OneApm;
  try {
    api = ((await import(PACKAGE)) as { default: OneApm }).default;
  } catch (cause) {
    throw isMissing(cause) ? missing(cause) : off("it cannot be loaded", cause);
  }
  if (api.agent === undefined) throw off("it is disabled, or has no name and license key");
  return api;
}

function isMissing(error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return /MODULE_NOT_FOUND$/.test(code ?? "") && message.includes(`'${PACKAGE}'`);
}

function missing(cause: unknown): ElpisError {
  return new ElpisError(
    "ELPIS_ONEAPM_MISSING",
    "oneapm is not installed; `npm install oneapm` adds it",
    { cause },
  );
}

function off(why: string, cause?: unknown): ElpisError {
  return new ElpisError(
    "ELPIS_ONEAPM_OFF",
    `the agent of OneAPM does not run: ${why}; it needs a oneapm.js with app_name and license_key in the folder of the application`,
    { cause },
  );
}
