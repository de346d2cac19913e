/** File systems that lie on something; others are made up by the kernel, or are views of one that is listed. */
const REAL = new Set([
  ...["ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "jfs", "reiserfs", "bcachefs"],
  ...[
    "vfat",
    "exfat",
    "ntfs",
    "ntfs3",
    "fuseblk",
    "nfs",
    "nfs4",
    "cifs",
    "overlay",
    "9p",
    "virtiofs",
  ],
]);
/** More than a machine has that anybody looks at one by one. */
const MAX_PARTITIONS = 32;

/** Where file systems are mounted, from `/proc/mounts`; each device once. */
export function parseMounts(text: string): readonly string[] {
  const points = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [device, point, type] = line.split(" ");
    if (device === undefined || point === undefined || !REAL.has(type ?? "")) continue;
    const path = withoutEscapes(point);
    const known = points.get(device);
    // The same device may be mounted several times; what is nearest to the root stands for it.
    if (known === undefined || path.length < known.length) points.set(device, path);
  }
  return [...points.values()].slice(0, MAX_PARTITIONS);
}

/** Spaces and the like are written as octal numbers. */
function withoutEscapes(path: string): string {
  return path.replaceAll(/\\(\d{3})/g, (_, octal) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
