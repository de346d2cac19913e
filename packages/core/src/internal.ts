// For sibling packages of the same version only; anything here may change in any release.
export { HubClient } from "./client/client.ts";
export { join } from "./client/join.ts";
export { joinInMemory } from "./hub/hub.ts";
export { joinInherited, processClient, setProcessClient } from "./inherited.ts";
export { findLockOwner, type LockOwner, takeLock } from "./local/lock.ts";
export { isAlive, processStartTime } from "./local/process-identity.ts";
export { ensurePrivateDir } from "./local/runtime-dir.ts";
export { Deadlines } from "./time/deadlines.ts";
export { type Link, SocketLink } from "./wire/link.ts";
export { memoryLinks } from "./wire/memory-link.ts";
