import { type Finding, fail, ok, warn } from "./finding.ts";

const OLDEST = [20, 19] as const;

/** Whether this Node is one that Elpis runs on. Pure, as all in this file. */
export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  const found = `Node ${version}`;
  if (isOld) return fail("node", `${found} is too old`, "install Node 20.19 or newer");
  if (major % 2 === 1) {
    return warn("node", `${found} gets no long support`, "use a version with an even number");
  }
  return ok("node", found);
}

/** Whether enough files and connections can be open at once; `limit` is undefined where the system does not tell. */
export function checkOpenFiles(limit: number | undefined): Finding {
  const check = "open files";
  if (limit === undefined) return ok(check, "not known here");
  const message = `at most ${limit} open files and connections in a process`;
  const hint = "raise it: ulimit -n 65536, or LimitNOFILE=65536 in the unit";
  if (limit < 256) return fail(check, message, hint);
  return limit < 4096 ? warn(check, message, hint) : ok(check, message);
}

/** Whether connections find a place in line while every worker is at work, or is being replaced. */
export function checkBacklog(somaxconn: number | undefined): Finding {
  const check = "backlog";
  if (somaxconn === undefined) return ok(check, "not known here");
  const message = `at most ${somaxconn} connections wait to be accepted`;
  return somaxconn < 511
    ? warn(check, message, "raise it: sysctl -w net.core.somaxconn=4096")
    : ok(check, message);
}

/** Whether the paths of sockets fit; `maxBytes` is what the system takes. */
export function checkPathLength(base: string, socket: string, maxBytes: number): Finding {
  const check = "path length";
  const room = maxBytes - Buffer.byteLength(`${base}//${socket}`);
  const hint = "set ELPIS_HOME to a folder with a shorter path";
  if (room < 1) return fail(check, `${base} is too long for a socket`, hint);
  if (room < 64) return warn(check, `names of apps may have ${room} letters below ${base}`, hint);
  return ok(check, "names of apps may have all of their 64 letters");
}

/** What is known of a file system. */
export interface Space {
  readonly freeBytes: number;
  readonly freeFiles: number;
  readonly isMemory: boolean;
}

const LITTLE_BYTES = 200 * 1024 * 1024;
const NO_BYTES = 5 * 1024 * 1024;

/** Whether there is room on the disk of a folder; `space` is undefined where the system does not tell. */
export function checkSpace(what: string, dir: string, space: Space | undefined): Finding {
  const check = `space for ${what}`;
  if (space === undefined) return ok(check, "not known here");
  const { freeBytes, freeFiles, isMemory } = space;
  const megabytes = Math.floor(freeBytes / 1024 / 1024);
  const message = `${megabytes} MiB free for ${dir}${isMemory ? ", in memory" : ""}`;
  const hint = "make room, or set ELPIS_HOME to another folder";
  if (freeBytes < NO_BYTES) return fail(check, message, hint);
  // Some file systems do not count files, and say 0 of 0.
  if (freeBytes < LITTLE_BYTES || (freeFiles > 0 && freeFiles < 1000)) {
    return warn(check, message, hint);
  }
  return ok(check, message);
}

/** Whether what is meant to survive a restart of the machine does. */
export function checkKept(file: string, isMemory: boolean): Finding {
  const check = "saved apps";
  if (!isMemory) return ok(check, `${file} survives a restart of the machine`);
  const hint = "set ELPIS_HOME, or XDG_STATE_HOME, to a folder on a disk";
  return warn(check, `${file} is in memory, and gone after a restart of the machine`, hint);
}

/** Whether the clock can be right: it cannot be earlier than when this program was put here. */
export function checkClock(nowMs: number, installedMs: number): Finding {
  const now = new Date(nowMs).toISOString();
  return nowMs + 86_400_000 < installedMs
    ? fail("clock", `it is ${now}, before Elpis was installed`, "set the clock: timedatectl")
    : ok("clock", now);
}

/** What is known of control groups. */
export interface ControlGroups {
  readonly hasVersion2: boolean;
  readonly mayCreate: boolean;
}

/** Whether `limits` of processes can be kept. */
export function checkControlGroups(found: ControlGroups | undefined): Finding {
  const check = "control groups";
  if (found === undefined) return ok(check, "not known here");
  if (!found.hasVersion2) {
    const hint =
      "nothing to do without `limits`; else boot with systemd.unified_cgroup_hierarchy=1";
    return warn(check, "no version 2: `limits` of processes are not kept", hint);
  }
  if (!found.mayCreate) {
    const hint = "nothing to do without `limits`; else run under systemd with Delegate=yes";
    return warn(check, "none may be made here: `limits` of processes are not kept", hint);
  }
  return ok(check, "version 2, and new ones may be made");
}

/** A package, where it was found and in which version. */
export interface FoundPackage {
  readonly name: string;
  readonly version: string;
  readonly where: string;
}

/** Whether all packages are of one version, in this program and in the project. */
export function checkVersions(packages: readonly FoundPackage[]): Finding {
  const check = "packages";
  const versions = new Set(packages.map(({ version }) => version));
  if (versions.size <= 1) return ok(check, `all of version ${[...versions][0] ?? "?"}`);
  const text = packages.map(({ name, version, where }) => `${name} ${version} (${where})`);
  const message = `different versions: ${text.join(", ")}`;
  const places = [...new Set(packages.map(({ where }) => where))];
  const isMixed = places.some(
    (place) =>
      new Set(packages.flatMap((one) => (one.where === place ? [one.version] : []))).size > 1,
  );
  return isMixed
    ? fail(check, message, "install the same version of all: npm install elpis@latest")
    : warn(check, message, "use the program of the project: npx elpis");
}
