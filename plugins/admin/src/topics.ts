import type { Request } from "@elpis/api";
import type { EndpointQuery, ErrorPage } from "@elpis/telemetry";

/** The agent answers it. */
export const ERRORS_TOPIC = "elpis.errors";

/** Errors, and those who did not answer. */
export interface ErrorAnswer extends ErrorPage {
  /** Such as `shop/web.1`. */
  readonly absent: readonly string[];
}

/** What the admin plugin answers on the hub. */
export interface AdminTopics {
  /** As `GET /error`. */
  readonly "elpis.errors": Request<EndpointQuery, ErrorAnswer>;
}
