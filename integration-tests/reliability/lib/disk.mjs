// A disk that is soon full.
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { familyOf, signal } from "./kernel.mjs";

/** A small file system in the folder of the run; undefined where that is not allowed. */
export function smallDisk(run, bytes) {
  const disk = join(run.home, "disk");
  mkdirSync(disk, { mode: 0o700 });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${bytes},mode=0700`, "elpis", disk], {
      stdio: "ignore",
    });
  } catch {
    return;
  }
  run.atEnd(() => {
    for (const pid of familyOf(disk).keys()) signal(pid, "SIGKILL");
    execFileSync("umount", ["-l", disk], { stdio: "ignore" });
  });
  return disk;
}

/** Takes all that is left of it; returns the file that holds it. */
export function fill(disk) {
  const file = join(disk, "filler");
  for (const size of [64 * 1024, 4096]) {
    try {
      for (;;) appendFileSync(file, Buffer.alloc(size));
    } catch {
      // It is full.
    }
  }
  return file;
}
