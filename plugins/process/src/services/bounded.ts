/** What {@link bounded} gives when the time is up. */
export const LATE: unique symbol = Symbol("late");

/** What `work` gives, or {@link LATE} after `timeoutMs`; what becomes of it after that is nobody's business. */
export async function bounded<Value>(
  work: () => Value | Promise<Value>,
  timeoutMs: number,
): Promise<Value | typeof LATE> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(() => resolve(LATE), timeoutMs);
  });
  try {
    // What it throws at once is a rejection as well.
    const running = (async () => work())();
    return await Promise.race([running, late]);
  } finally {
    clearTimeout(timer);
  }
}
