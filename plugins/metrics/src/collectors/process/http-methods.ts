/** Methods that OpenTelemetry knows; whatever else somebody sends is `_OTHER`. */
export const HTTP_METHODS: ReadonlySet<string> = new Set([
  ...["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE", "QUERY"],
]);
