const underWay = new Map<string, Promise<unknown>>();

/** Runs what changes the names of the files of one log, never two at once in this process. */
export async function oneAtATime<Value>(path: string, task: () => Promise<Value>): Promise<Value> {
  const before = underWay.get(path);
  const own = (before ?? Promise.resolve()).then(task, task);
  underWay.set(path, own);
  try {
    return await own;
  } finally {
    if (underWay.get(path) === own) underWay.delete(path);
  }
}
