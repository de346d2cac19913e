import type { Report, ReportCall } from "@elpis/api";
import type { Message } from "../model/common.ts";
import type { MessageName } from "../proto/schema.ts";

/** Sends requests of one signal. */
export interface Send {
  /** @throws RetryLater, TooLarge, Reject, or what the system says of the connection */
  send(name: MessageName, message: Message, call: ReportCall): Promise<Report | undefined>;
  close(): void;
}
