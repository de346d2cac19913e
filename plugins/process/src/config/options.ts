/** What a configuration is read with. */
export interface ReadOptions {
  /** A directory, a configuration file, or a script such as `app.js`; relative to `cwd`. @default cwd */
  readonly path?: string;
  /** @default process.cwd() */
  readonly cwd?: string;
  /** Name of the application, whatever the configuration says. */
  readonly name?: string;
  /** Instances of the one process of the application. */
  readonly scale?: number | "auto";
  /** For development: one instance of everything, and `dev` is true in a procfile. @default false */
  readonly dev?: boolean;
  /** Files below that of the application, relative to `cwd`, the first one lowest. @default those of ELPIS_CONFIG */
  readonly sources?: readonly string[];
}

/** What {@link loadConfig} and {@link explainConfig} may be told. */
export interface LoadOptions extends ReadOptions {
  /**
   * Where the file is evaluated: in a child that is thrown away, so that nothing of it stays in this process, or here. With
   * plugins for the master it is evaluated here as well. @default "child"
   */
  readonly evaluate?: "child" | "here";
  /** How long the child may take, in milliseconds. @default 30000 */
  readonly timeoutMs?: number;
  /** Gives up, and ends the child. */
  readonly signal?: AbortSignal;
  /** Told what a person may want to know, such as that a source is missing. @default a line on stderr */
  readonly onNote?: (note: string) => void;
}
