import { hasCode } from "@elpis/api";
import { badBody } from "./errors.ts";
import { beginAt, bodyOffset, resume } from "./extensions.ts";
import { type Structures, Unpackr } from "./msgpackr.ts";
import { sealed } from "./records.ts";
import { scan } from "./scan.ts";

const NONE = sealed([]);
const unpackr = new Unpackr({ mapsAsObjects: true }) as Unpackr & { structures: Structures };
const range = { start: 0, end: 0 };
/** Whether a body is being read. */
let busy = false;

/**
 * The one value in `bytes[start..end)`. Without a {@link scan} before it, what is not of the protocol may be refused or
 * be read as something harmless.
 * @param records those of its sender; without them a body has none
 * @throws ELPIS_PROTOCOL_BAD_BODY
 */
export function build(bytes: Buffer, start: number, end: number, records?: Structures): unknown {
  const wasBusy = busy;
  const outer = bodyOffset();
  busy = true;
  beginAt(bytes, start);
  unpackr.structures = records ?? NONE;
  range.start = start;
  range.end = end;
  try {
    return unpackr.unpack(bytes, range);
  } catch (cause) {
    if (hasCode(cause, "ELPIS_PROTOCOL_BAD_BODY")) throw cause;
    // It knows better what is wrong.
    scan(bytes, start, end, records);
    throw badBody("unreadable", 0);
  } finally {
    busy = wasBusy;
    if (busy) resume(outer);
  }
}
