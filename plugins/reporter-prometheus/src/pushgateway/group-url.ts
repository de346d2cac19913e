/** The address of a group: `/metrics/job/<job>/<label>/<value>…`, with what is no plain text in base64. */
export function groupUrl(base: URL, job: string, grouping: Readonly<Record<string, string>>): URL {
  const url = new URL(base);
  const pairs = Object.entries(grouping).filter(([name]) => name !== "job");
  const parts = [["job", job] as const, ...pairs].flatMap(([name, value]) => part(name, value));
  url.pathname = [url.pathname.replace(/\/+$/, ""), "metrics", ...parts].join("/");
  return url;
}

function part(name: string, value: string): [string, string] {
  // Dots alone would be taken for folders, and a slash for the end.
  if (/^[\w-][\w.-]*$/.test(value)) return [name, value];
  return [`${name}@base64`, Buffer.from(value).toString("base64url")];
}
