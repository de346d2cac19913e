/** What every command takes. */
export interface CommonOptions {
  /** Print data for programs instead of text for people. */
  readonly json?: boolean | undefined;
  /** Name of the app. */
  readonly app?: string | undefined;
  /** The config file. */
  readonly config?: string | undefined;
  /** How long the command may take, in milliseconds. */
  readonly timeoutMs?: number | undefined;
  /** Say more, and print where errors come from. */
  readonly verbose?: boolean | undefined;
}

/** Options of `run` and `dev`. */
export interface RunOptions extends CommonOptions {
  /** A directory, a config file or a script. @default the current directory */
  readonly path?: string | undefined;
}

/** Options of `start`. */
export interface StartOptions extends RunOptions {
  /** How many processes a script gets. */
  readonly instances?: number | "auto" | undefined;
}

/** Options of `stop`. */
export interface StopOptions extends CommonOptions {
  /** Do not wait for what is under way. */
  readonly now?: boolean | undefined;
}

/** Options of `logs`. */
export interface LogsOptions extends CommonOptions {
  /** How many of the last lines. @default 50 */
  readonly lines?: number | undefined;
  /** Go on printing what comes. */
  readonly follow?: boolean | undefined;
  /** Only this process: `web`, or `web.1`. */
  readonly process?: string | undefined;
}
