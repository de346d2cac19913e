/** The kernel counts in sectors of that size, whatever the disk has. */
const SECTOR_BYTES = 512;
/** Whole disks, without partitions and without devices that lie on others. */
const DISK = /^((sd|vd|xvd|hd)[a-z]+|nvme\d+n\d+|mmcblk\d+|dasd[a-z]+)$/;

/** Sums over all disks since the start of the machine, from `/proc/diskstats`, by the last part of their names. */
export function parseDiskStats(text: string): Readonly<Record<string, number>> {
  const sums = { reads: 0, "read.bytes": 0, writes: 0, "written.bytes": 0 };
  for (const line of text.split("\n")) {
    const [, , name = "", reads, , readSectors, , writes, , writtenSectors] = line
      .trim()
      .split(/\s+/);
    if (!DISK.test(name)) continue;
    sums.reads += Number(reads);
    sums["read.bytes"] += Number(readSectors) * SECTOR_BYTES;
    sums.writes += Number(writes);
    sums["written.bytes"] += Number(writtenSectors) * SECTOR_BYTES;
  }
  return sums;
}
