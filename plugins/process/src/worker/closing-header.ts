type Fields = Readonly<Record<string, unknown>> | readonly unknown[];

/** As much of a response as it takes to say that its connection closes. */
export interface OpenResponse {
  shouldKeepAlive: boolean;
  readonly headersSent: boolean;
  setHeader(name: string, value: string): unknown;
  writeHead(status: number, ...rest: unknown[]): unknown;
}

/**
 * Makes a response whose headers have not left say that its connection closes, also when the application gives a
 * `Connection` of its own. Its client would otherwise send its next request into a connection that ends.
 */
export function closeAfter(response: OpenResponse): void {
  if (response.headersSent) return;
  response.shouldKeepAlive = false;
  const { writeHead } = response;
  // Node calls it as well for headers that nobody wrote.
  response.writeHead = function (status, ...rest) {
    // What is upgraded does not speak HTTP any more.
    if (status === 101 || this.headersSent) return writeHead.call(this, status, ...rest);
    const at = rest.findLastIndex((one) => typeof one === "object" && one !== null);
    if (at < 0) this.setHeader("Connection", "close");
    else rest[at] = withClose(rest[at] as Fields);
    return writeHead.call(this, status, ...rest);
  };
}

/** The header fields in the form in which they were given: by name, flat, or in pairs. */
function withClose(fields: Fields): Fields {
  if (!Array.isArray(fields)) {
    const others = Object.entries(fields).filter(([name]) => !isConnection(name));
    return { ...Object.fromEntries(others), Connection: "close" };
  }
  const list = fields as readonly unknown[];
  if (Array.isArray(list[0])) {
    const pairs = list as readonly (readonly unknown[])[];
    return [...pairs.filter(([name]) => !isConnection(name)), ["Connection", "close"]];
  }
  const others = list.filter((_, at) => !isConnection(list[at - (at % 2)]));
  return [...others, "Connection", "close"];
}

function isConnection(name: unknown): boolean {
  return String(name).toLowerCase() === "connection";
}
