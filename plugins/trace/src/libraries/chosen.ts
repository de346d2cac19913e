import { errorToData, type Logger } from "@elpis/api";
import type { AnyInstrumentation, TraceOptions } from "../options.ts";
import { gate } from "./gate.ts";
import { LIBRARIES } from "./libraries.ts";
import { LIBRARY_NAMES, type LibraryName } from "./names.ts";

const SEMCONV = "OTEL_SEMCONV_STABILITY_OPT_IN";

/** Libraries that are to be traced: those that are wished for, and those that are there. */
export function chosen(
  { libraries }: TraceOptions,
  isInstalled: (name: string) => boolean,
): LibraryName[] {
  if (libraries === false) return [];
  return LIBRARY_NAMES.filter((name) => {
    const wish = libraries?.[name];
    if (wish !== undefined) return wish !== false;
    const { installedAs, isDefault } = LIBRARIES[name];
    return isDefault && (installedAs === undefined || installedAs.some(isInstalled));
  });
}

/**
 * Makes what traces the chosen libraries, and what the application has brought. What cannot be made is left out, and said: an
 * application is not to fail because it is watched.
 */
export async function makeChosen(
  names: readonly LibraryName[],
  { libraries, instrumentations = [] }: TraceOptions,
  { log, isInVain }: { readonly log: Logger; readonly isInVain: () => boolean },
): Promise<AnyInstrumentation[]> {
  // They read it when they are made: the names that are stable, as ours are.
  const before = process.env[SEMCONV];
  process.env[SEMCONV] = before ?? "http,database";
  try {
    const own = await Promise.all(
      names.map(async (name) => {
        const wish = libraries === false ? undefined : libraries?.[name];
        const options = typeof wish === "object" ? wish : {};
        try {
          const { kind, options: own, fixed, quiet = [], callingBack = [] } = LIBRARIES[name];
          const Kind = await kind();
          const ours = typeof own === "function" ? own() : own;
          const made = new Kind({ ...ours, ...options, ...fixed, enabled: false });
          gate(made, { quiet, callingBack }, isInVain);
          return made;
        } catch (error) {
          log.warn(`${name} is not traced: its instrumentation cannot be loaded`, {
            error: errorToData(error),
          });
          return undefined;
        }
      }),
    );
    const brought = instrumentations.map((one) => {
      try {
        return typeof one === "function" ? one() : one;
      } catch (error) {
        log.warn("an instrumentation of the application cannot be made", {
          error: errorToData(error),
        });
        return undefined;
      }
    });
    return [...own, ...brought].filter((one) => one !== undefined);
  } finally {
    if (before === undefined) delete process.env[SEMCONV];
    else process.env[SEMCONV] = before;
  }
}
