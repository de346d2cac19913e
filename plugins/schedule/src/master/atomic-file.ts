import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Replaces a file with mode 0600, on disk when this resolves: whoever reads it, after whatever has ended this process, finds
 * the old text or the new one.
 */
export async function writeAtomically(file: string, text: string): Promise<void> {
  const draft = `${file}.draft`;
  const handle = await open(draft, "w", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
  await syncFolder(dirname(file));
}

/** That the new name is on disk as well; Windows has no such thing. */
async function syncFolder(dir: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(dir, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
