import { describe, expect, it } from "vitest";
import type { Sample } from "../../src/collectors/collector.ts";
import { Rates } from "../../src/collectors/rates.ts";
import { groupSamples } from "../../src/collectors/system/cgroup.ts";
import {
  type GroupState,
  parseGroups,
  readVersion1,
  readVersion2,
} from "../../src/collectors/system/cgroup-files.ts";
import { partitionSamples } from "../../src/collectors/system/disk.ts";
import { parseDiskStats } from "../../src/collectors/system/disk-stats.ts";
import { parseFileNr } from "../../src/collectors/system/load.ts";
import { memorySamples, vmSamples } from "../../src/collectors/system/memory.ts";
import { parseMounts } from "../../src/collectors/system/mounts.ts";
import { chooseInterfaces, parseNetDev } from "../../src/collectors/system/network.ts";
import { parsePressure } from "../../src/collectors/system/pressure.ts";
import { cpuShares, parseProcStat } from "../../src/collectors/system/proc-stat.ts";
import { parseSnmp, parseSockstat, retryRate } from "../../src/collectors/system/tcp.ts";
import { parseTable } from "../../src/collectors/text.ts";

const STAT = `cpu  332521 0 74037 231555 1035 0 8203 6219 0 0
cpu0 168709 0 35399 115341 179 0 4004 3036 0 0
intr 4983558 0 0 24
ctxt 17395554
btime 1795812236
processes 64653
procs_running 12
procs_blocked 1
softirq 11071211 0 521129`;

const asObject = (samples: readonly Sample[]): Record<string, number> =>
  Object.fromEntries(samples.map(([name, value]) => [name, value]));

describe("/proc/stat", () => {
  it("is read", () => {
    expect(parseProcStat(STAT)).toEqual({
      times: {
        user: 332_521,
        nice: 0,
        system: 74_037,
        idle: 231_555,
        iowait: 1035,
        irq: 0,
        softirq: 8203,
        steal: 6219,
        guest: 0,
      },
      interrupts: 4_983_558,
      switches: 17_395_554,
      created: 64_653,
      running: 12,
      blocked: 1,
    });
  });

  it("gives shares of the time between two reads, and not since the start of the machine", () => {
    const before = parseProcStat(STAT).times;
    // Idle all the time since then, after a life of work.
    const idle = cpuShares(before, { ...before, idle: before.idle + 100 });
    expect(idle).toMatchObject({ usage: 0, percent: { idle: 100, user: 0 } });
    const busy = cpuShares(before, {
      ...before,
      user: before.user + 60,
      guest: 10,
      system: before.system + 15,
      idle: before.idle + 20,
      iowait: before.iowait + 5,
    });
    expect(busy?.percent).toMatchObject({ user: 60, system: 15, idle: 20, iowait: 5, guest: 10 });
    expect(busy?.usage).toBeCloseTo(0.75);
    expect(cpuShares(before, before)).toBeUndefined();
  });
});

describe("rates", () => {
  it("are what has grown in a second; a sum that falls has begun anew", () => {
    let at = 0;
    const rates = new Rates(() => at);
    const read = (value: number): number | undefined => {
      rates.begin();
      return rates.rate("bytes", value);
    };
    expect(read(1000)).toBeUndefined();
    at = 2000;
    expect(read(5000)).toBe(2000);
    at = 3000;
    expect(read(100)).toBeUndefined();
    at = 4000;
    expect(read(200)).toBe(100);
  });
});

describe("memory", () => {
  it("is read from /proc/meminfo and /proc/vmstat", () => {
    const info = parseTable(
      "MemTotal:  1000 kB\nMemFree:  400 kB\nMemAvailable: 700 kB\nBuffers: 50 kB\nCached: 150 kB\nSReclaimable: 100 kB\nSwapTotal: 10 kB\nSwapFree: 4 kB\nShmem: 2 kB\nSlab: 3 kB\nDirty: 1 kB",
    );
    expect(asObject(memorySamples(info))).toMatchObject({
      "system.mem.total": 1_024_000,
      "system.mem.used": 300 * 1024,
      "system.mem.cached": 250 * 1024,
      "system.mem.swap.used": 6 * 1024,
      "system.mem.usage": 0.3,
    });
    expect(asObject(vmSamples(parseTable("pgfault 7\noom_kill 1\n")))).toEqual({
      "system.vm.page.faults": 7,
      "system.vm.oom.kills": 1,
    });
    expect(asObject(parseFileNr("1554\t4\t9223372036854775807\n"))).toEqual({
      "system.fd.open": 1550,
    });
  });
});

const NET = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 1121380860 13172280    0    0    0     0          0         0 1121380860 13172280    0    0    0     0       0          0
  ifb0:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
eth0:1:313901498    9416    1    2    3     4          5         6  1471398    8357    7    8    9    10       11          12`;

describe("networks", () => {
  it("are read from /proc/net/dev, also without a space, and with a colon in the name", () => {
    const [lo, ifb0, eth0] = parseNetDev(NET);
    expect(lo?.in[0]).toBe(1_121_380_860);
    expect(ifb0?.name).toBe("ifb0");
    expect(eth0).toEqual({
      name: "eth0:1",
      in: [313_901_498, 9416, 1, 2, 3, 4, 5, 6],
      out: [1_471_398, 8357, 7, 8, 9, 10, 11, 12],
    });
  });

  it("leaves out those that carry nothing, and keeps those that it has told", () => {
    expect([...chooseInterfaces(parseNetDev(NET), new Set())]).toEqual(["lo", "eth0:1"]);
    const many = Array.from({ length: 30 }, (_, at) => ({
      name: `v${at}`,
      in: [at + 1],
      out: [0],
    }));
    const chosen = chooseInterfaces(many, new Set(["v0"]));
    expect(chosen.size).toBe(8);
    expect(chosen.has("v0") && chosen.has("v29")).toBe(true);
  });

  it("reads TCP from /proc/net/snmp and /proc/net/sockstat", () => {
    const tcp = parseSnmp(
      "Ip: A B\nIp: 1 2\nTcp: ActiveOpens CurrEstab RetransSegs\nTcp: 723690 124 16113\n",
      "Tcp",
    );
    expect(Object.fromEntries(tcp)).toEqual({
      ActiveOpens: 723_690,
      CurrEstab: 124,
      RetransSegs: 16_113,
    });
    expect(
      asObject(
        parseSockstat(
          "sockets: used 699\nTCP: inuse 586 orphan 0 tw 12313 alloc 589 mem 75\nUDP: inuse 3 mem 0\n",
        ),
      ),
    ).toEqual({
      "system.tcp.sockets": 586,
      "system.tcp.sockets.time_wait": 12_313,
      "system.udp.sockets": 3,
    });
    expect([retryRate(1, 100), retryRate(1, 0), retryRate(5, 2)]).toEqual([0.01, 0, 1]);
  });
});

describe("disks", () => {
  it("are the real ones, each device once", () => {
    const mounts = `proc /proc proc rw 0 0
/dev/vda / ext4 rw 0 0
/dev/vda /var/lib/a ext4 rw 0 0
tmpfs /tmp tmpfs rw 0 0
/dev/sdb1 /my\\040disk xfs rw 0 0`;
    expect(parseMounts(mounts)).toEqual(["/", "/my disk"]);
  });

  it("are reckoned as df does", () => {
    const space = { bsize: 4096, blocks: 1000, bfree: 400, bavail: 300, files: 10, ffree: 5 };
    const found = asObject(partitionSamples("/", space));
    expect(found["system.disk.partition.used"]).toBe(600 * 4096);
    expect(found["system.disk.partition.used_ratio"]).toBeCloseTo(600 / 900);
  });

  it("are summed up without their partitions", () => {
    const text = `   7       0 loop0 9 0 9 0 9 0 9 0 0 0 0
 253       0 vda 10 0 100 0 20 0 200 0 0 0 0
 253       1 vda1 10 0 100 0 20 0 200 0 0 0 0
 259       0 nvme0n1 1 0 2 0 3 0 4 0 0 0 0`;
    expect(parseDiskStats(text)).toEqual({
      reads: 11,
      "read.bytes": 102 * 512,
      writes: 23,
      "written.bytes": 204 * 512,
    });
  });
});

it("reads how much had to wait", () => {
  const text =
    "some avg10=80.10 avg60=78.55 avg300=79.37 total=1458\nfull avg10=0.50 avg60=0.00 avg300=0.00 total=0\n";
  expect(asObject(parsePressure("cpu", text))).toEqual({
    "system.pressure.cpu.some.avg10": 80.1,
    "system.pressure.cpu.some.avg60": 78.55,
    "system.pressure.cpu.full.avg10": 0.5,
    "system.pressure.cpu.full.avg60": 0,
  });
});

describe("control groups", () => {
  const reader =
    (files: Record<string, string>) =>
    async (controller: string, file: string): Promise<string | undefined> =>
      files[controller === "" ? file : `${controller}/${file}`];

  it("of version 2 are read", async () => {
    const state = await readVersion2(
      reader({
        "cpu.max": "150000 100000\n",
        "cpu.stat": "usage_usec 2000000\nnr_throttled 3\nthrottled_usec 500000\n",
        "memory.max": "1000\n",
        "memory.current": "800\n",
        "memory.stat": "anon 1\ninactive_file 300\n",
        "memory.events": "low 0\noom_kill 2\n",
        "pids.max": "max\n",
        "pids.current": "12\n",
      }),
    );
    expect(state).toEqual<GroupState>({
      cpuLimit: 1.5,
      cpuSeconds: 2,
      throttled: 3,
      throttledSeconds: 0.5,
      memoryLimit: 1000,
      memoryUsed: 800,
      inactiveFile: 300,
      oomKills: 2,
      pids: 12,
    });
    expect(asObject(groupSamples(state, 0.25))).toMatchObject({
      "system.cgroup.cpu.usage": 0.25,
      "system.cgroup.mem.working": 500,
      "system.cgroup.mem.usage": 0.5,
    });
  });

  it("of version 1 are read; what they call no limit is none", async () => {
    const state = await readVersion1(
      reader({
        "cpu/cpu.cfs_quota_us": "-1",
        "cpu/cpu.cfs_period_us": "100000",
        "cpuacct/cpuacct.usage": "3000000000",
        "memory/memory.limit_in_bytes": "9223372036854771712",
        "memory/memory.usage_in_bytes": "4096",
        "memory/memory.oom_control": "oom_kill_disable 0\noom_kill 1\n",
        "pids/pids.max": "100",
      }),
    );
    expect(state).toEqual({ cpuSeconds: 3, memoryUsed: 4096, oomKills: 1, pidsLimit: 100 });
    expect(asObject(groupSamples({}, 0))).toEqual({});
  });

  it("are found by controller", () => {
    const groups = parseGroups("4:memory:/a\n2:cpu,cpuacct:/b\n0::/c\n");
    expect([groups.get("memory"), groups.get("cpuacct"), groups.get("")]).toEqual([
      "/a",
      "/b",
      "/c",
    ]);
  });
});
