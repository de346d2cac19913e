import { ElpisError } from "@elpis/api";

/** ELPIS_CLI_IMPORT: a definition of another process manager cannot be read. */
export function importFailed(file: string, why: string, cause?: unknown): ElpisError {
  return new ElpisError("ELPIS_CLI_IMPORT", `${file} cannot be imported: ${why}`, {
    ...(cause !== undefined && { cause }),
    details: { file, why },
  });
}
