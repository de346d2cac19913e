import { basename, resolve } from "node:path";
import { CreateError, notWritten } from "./errors.ts";
import { namesOf } from "./names.ts";
import { checkPlace } from "./place.ts";
import { filesOf } from "./templates.ts";
import { writeAll } from "./write.ts";

/** What is to be made. */
export interface CreateOptions {
  /** The folder of the project; relative to `cwd`. */
  readonly dir: string;
  /** `app`, `plugin` or `reporter`. @default "app" */
  readonly template?: string;
  /** Of the npm package. @default that of the folder */
  readonly name?: string;
  /** Also into a folder that is not empty; files of the same names are replaced. @default false */
  readonly force?: boolean;
  /** @default that of the process */
  readonly cwd?: string;
}

/** What was made. */
export interface Created {
  /** Absolute. */
  readonly dir: string;
  readonly name: string;
  readonly template: string;
  /** From the folder, in order. */
  readonly files: readonly string[];
}

/**
 * Makes a project in a folder. Installs nothing. When it throws, nothing was written; only by `force` some files may be, and the message says
 * so.
 *
 * @throws ELPIS_CREATE_TEMPLATE, ELPIS_CREATE_NAME, ELPIS_CREATE_EXISTS, ELPIS_CREATE_NOT_WRITTEN
 */
export function create(options: CreateOptions): Created {
  const { template = "app", force = false, cwd = process.cwd() } = options;
  const dir = resolve(cwd, options.dir);
  const { name = basename(dir) } = options;
  const files = filesOf(template, namesOf(name, template));
  const paths = files.map(({ path }) => path);
  try {
    writeAll(dir, files, checkPlace(dir, paths, force));
  } catch (error) {
    throw error instanceof CreateError ? error : notWritten(dir, error);
  }
  return { dir, name, template, files: paths };
}
