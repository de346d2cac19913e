// For sibling packages of the same version only. What a process needs that its master has started, and nothing of the hub
// itself: each of these processes would load it for nothing.
export type { HubClient } from "./client/client.ts";
export { joinInherited } from "./inherited.ts";
export { setProcessClient } from "./process-client.ts";
