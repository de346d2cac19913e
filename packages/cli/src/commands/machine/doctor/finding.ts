/** What one look of `elpis doctor` has come to. */
export interface Finding {
  /** What was looked at, such as `node` or `open files`. */
  readonly check: string;
  readonly level: "ok" | "warn" | "fail";
  readonly message: string;
  /** What to do about it; absent when all is well. */
  readonly hint?: string;
  /** Repairs it; only where that cannot do harm. */
  readonly fix?: () => void;
}

/** All is well. */
export function ok(check: string, message: string): Finding {
  return { check, level: "ok", message };
}

/** Something may cause trouble one day. */
export function warn(check: string, message: string, hint: string, fix?: () => void): Finding {
  return { check, level: "warn", message, hint, ...(fix !== undefined && { fix }) };
}

/** Something does not work. */
export function fail(check: string, message: string, hint: string, fix?: () => void): Finding {
  return { check, level: "fail", message, hint, ...(fix !== undefined && { fix }) };
}
