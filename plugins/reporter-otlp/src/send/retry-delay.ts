import type { ServiceError } from "@grpc/grpc-js";
import { readAll, readFields } from "../proto/read.ts";

const DETAILS = "grpc-status-details-bin";
const RETRY_INFO = "google.rpc.RetryInfo";

/** `google.rpc.Status`: details of several kinds, of which a `RetryInfo` says when, in milliseconds. */
export function retryDelayMs({ metadata }: Pick<ServiceError, "metadata">): number | undefined {
  const [status] = metadata.get(DETAILS);
  if (!(status instanceof Buffer)) return undefined;
  for (const [field, detail] of readAll(status) ?? []) {
    const any = field === 3 && detail instanceof Uint8Array ? readFields(detail) : undefined;
    const [type, value] = [any?.get(1), any?.get(2)];
    if (!(type instanceof Uint8Array && value instanceof Uint8Array)) continue;
    if (!Buffer.from(type).toString().endsWith(RETRY_INFO)) continue;
    const delay = readFields(value)?.get(1);
    const fields = delay instanceof Uint8Array ? readFields(delay) : undefined;
    if (fields === undefined) continue;
    return Number(fields.get(1) ?? 0) * 1000 + Number(fields.get(2) ?? 0) / 1e6;
  }
  return undefined;
}
