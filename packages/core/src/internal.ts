// For sibling packages of the same version only; anything here may change in any release.
export { isSameProof, makeNonce, makeProof, notAuthentic } from "@elpis/protocol";
export { HubClient } from "./client/client.ts";
export { join } from "./client/join.ts";
export { ownError } from "./errors.ts";
export { joinInMemory } from "./hub/hub.ts";
export { joinInherited } from "./inherited.ts";
export { checkPlugins } from "./kernel/check.ts";
export { findLockOwner, type LockOwner, takeLock } from "./local/lock.ts";
export { isAlive, processStartTime } from "./local/process-identity.ts";
export { checkSocketPath, ensurePrivateDir } from "./local/runtime-dir.ts";
export { processClient, setProcessClient } from "./process-client.ts";
export { Deadlines } from "./time/deadlines.ts";
export { type Link, SocketLink } from "./wire/link.ts";
export { memoryLinks } from "./wire/memory-link.ts";
