import { unknownProcess } from "../../errors.ts";
import type { ProcessStatus } from "../../preset.ts";

/** The instances that `web` or `web.1` means. @throws ELPIS_PROCESS_UNKNOWN when there are none */
export function matching(processes: readonly ProcessStatus[], wanted: string): ProcessStatus[] {
  const found = processes.filter(
    ({ name, index }) => wanted === name || wanted === `${name}.${index}`,
  );
  if (found.length > 0) return found;
  throw unknownProcess(wanted, [...new Set(processes.map(({ name }) => name))]);
}
