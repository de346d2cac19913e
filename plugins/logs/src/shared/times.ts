/** Who has not answered within this has not, for now. */
export const ANSWER_MS = 1000;
/** A writer that was asked to hold goes on by itself after this: who asked may be gone. */
export const HOLD_MS = 2000;
/** So long after it began to ask, a rotator may take it for certain that those who hold still do. */
export const SAFE_HOLD_MS = 1500;
/** A writer says that it lives so often. */
export const HEARTBEAT_MS = 60_000;
/** A writer of which nothing was heard for so long does not count any more. */
export const SILENT_MS = 180_000;
/**
 * A file that was put aside is left alone for so long: a writer that the rotator does not know, or not yet, sees by then
 * that the file has another name.
 */
export const GRACE_MS = 5000;
/** What has failed is tried again after this, and after twice as long each time it fails again, up to {@link MAX_PAUSE_MS}. */
export const MIN_PAUSE_MS = 1000;
export const MAX_PAUSE_MS = 30_000;
/** A writer looks so often whether the file that it has open is still the one with that name. */
export const LOOK_MS = 1000;
/** What has become too old is removed so often, also where nothing is put aside. */
export const TIDY_MS = 3_600_000;
