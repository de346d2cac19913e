import { definePlugin, object } from "@elpis/api";

/** What whoever picks the plugin may say. */
export interface Options {
  /** @default 1000 */
  readonly intervalMs?: number;
}

/** Counts, in the master, and tells everybody who asks for `__ID__.count`. */
export const __IDENTIFIER__Plugin = definePlugin<Options>({
  name: "__ID__",
  roles: ["master"],
  options: object<Options>({ intervalMs: "integer?" }),
  setup(host, { intervalMs = 1000 }) {
    let count = 0;
    host.hub.handle("__ID__.count", () => count);
    host.every(intervalMs, () => {
      count += 1;
    });
  },
});
