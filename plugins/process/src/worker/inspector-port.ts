/**
 * Lets the inspector take any free port when it is opened later, from outside: on the usual one only the first of several
 * processes would get it. Whoever says in Node's options where it is to listen is left alone.
 */
export function freeInspectorPort(): void {
  const options = [...process.execArgv, process.env.NODE_OPTIONS ?? ""].join(" ");
  if (/--(inspect|debug[-_]port)/.test(options)) return;
  process.debugPort = 0;
}
