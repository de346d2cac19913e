type Listener = (...args: unknown[]) => unknown;

/** What came of the application's own listeners to SIGTERM. */
export interface HooksOutcome {
  /** Resolves when every listener that returned a promise is done. */
  readonly settled: Promise<void>;
  /** Some gave no promise: they may go on, and end the process themselves. */
  readonly mayGoOn: boolean;
}

/** Calls the application's own listeners to SIGTERM, as a signal would. */
export function runHooks(except: Listener): HooksOutcome {
  const listeners = process.rawListeners("SIGTERM") as Listener[];
  const results = listeners.filter((one) => one !== except).map(call);
  const promises = results.filter((result) => result instanceof Promise);
  return {
    settled: Promise.all(promises.map((one) => one.catch(complain))).then(() => {}),
    mayGoOn: results.some((result) => !(result instanceof Promise)),
  };
}

function call(listener: Listener): unknown {
  try {
    return listener.call(process, "SIGTERM", 15);
  } catch (error) {
    complain(error);
    return Promise.resolve();
  }
}

function complain(error: unknown): void {
  console.error("elpis: a listener to SIGTERM failed:", error);
}
