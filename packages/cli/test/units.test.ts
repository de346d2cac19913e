import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { launchdPlist } from "../src/commands/machine/launchd.ts";
import { openrcScript, shellQuoted } from "../src/commands/machine/openrc.ts";
import { unitFile } from "../src/commands/machine/platform.ts";
import { quoted, systemdUnit } from "../src/commands/machine/systemd.ts";
import { bounds, type UnitFacts } from "../src/commands/machine/unit-facts.ts";

const facts: UnitFacts = {
  app: "shop",
  dir: "/srv/my shop",
  scope: "system",
  user: "ann",
  command: ["/usr/bin/node", "/opt/elpis/bin.js", "run", "/srv/my shop/100%$HOME.ts"],
  path: "/usr/bin:/bin",
  home: undefined,
  startSeconds: 60,
  stopSeconds: 20,
  hasLimits: false,
};

function has(program: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

describe("a unit of systemd", () => {
  test("says how the app is to be looked after", () => {
    const lines = systemdUnit(facts).split("\n");
    expect(lines).toEqual(
      expect.arrayContaining([
        "Type=notify",
        "NotifyAccess=all",
        "WatchdogSec=30",
        'ExecStart="/usr/bin/node" "/opt/elpis/bin.js" "run" "/srv/my shop/100%%$$HOME.ts"',
        "ExecReload=/bin/kill -HUP $MAINPID",
        "WorkingDirectory=/srv/my shop",
        "User=ann",
        "KillMode=mixed",
        "Restart=on-failure",
        "TimeoutStartSec=60",
        "TimeoutStopSec=20",
        'Environment="ELPIS_HOME=%t/elpis-ann"',
        "RuntimeDirectory=elpis-ann",
        "WantedBy=multi-user.target",
      ]),
    );
    expect(lines).not.toContain("Delegate=yes");
  });

  test("of a user needs neither a user nor a folder", () => {
    const text = systemdUnit({ ...facts, scope: "user", hasLimits: true });
    expect(text).toContain("WantedBy=default.target");
    expect(text).toContain("Delegate=yes");
    expect(text).not.toMatch(/^(User|RuntimeDirectory|Environment="ELPIS_HOME)/m);
  });

  test("keeps the folder that was asked for", () => {
    const text = systemdUnit({ ...facts, home: '/var/lib/"odd" 5%' });
    expect(text).toContain('Environment="ELPIS_HOME=/var/lib/\\"odd\\" 5%%"');
    expect(text).not.toContain("RuntimeDirectory");
  });

  test("cannot be broken out of by a name", () => {
    expect(quoted("a\nExecStartPre=/bin/evil", true)).toBe('"a ExecStartPre=/bin/evil"');
    expect(systemdUnit({ ...facts, dir: "/x\nUser=root" })).not.toMatch(/^User=root/m);
  });

  test.skipIf(!has("systemd-analyze"))("is one that systemd understands", () => {
    const dir = mkdtempSync(join(tmpdir(), "elpis-unit-"));
    try {
      const file = join(dir, "elpis-shop.service");
      writeFileSync(file, systemdUnit({ ...facts, user: "root", command: ["/bin/sh", "x %$"] }));
      const output = execFileSync("systemd-analyze", ["verify", "--man=no", file], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      });
      expect(output).not.toContain("elpis-shop.service");
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

test("the bounds leave every process its own", () => {
  const one = { readyTimeoutMs: 30_000, stopTimeoutMs: 10_000 };
  expect(bounds([one, one])).toEqual({ startSeconds: 90, stopSeconds: 27 });
  expect(bounds([])).toEqual({ startSeconds: 30, stopSeconds: 5 });
});

test("a property list of launchd holds everything as it is", () => {
  const text = launchdPlist({ ...facts, app: "a&b", home: "/h<i>" });
  expect(text).toContain("<string>elpis.a&amp;b</string>");
  expect(text).toContain("<string>/h&lt;i&gt;</string>");
  expect(text).toContain("<integer>20</integer>");
  const opened = [...text.matchAll(/<(\w+)>/g)].map(([, name]) => name).sort();
  const closed = [...text.matchAll(/<\/(\w+)>/g)].map(([, name]) => name).sort();
  expect(opened).toEqual(closed.filter((name) => name !== "plist"));
});

describe("an init script of OpenRC", () => {
  test("is one that a shell understands, and quotes what it is given", () => {
    const text = openrcScript({ ...facts, dir: "/srv/it's" });
    execFileSync("/bin/sh", ["-n", "-c", text]);
    const script = `${text.replace(/^#!.*$/m, "")}\nprintf '%s\\n' "$directory"; eval "printf '%s\\n' $command_args"`;
    const shown = execFileSync("/bin/sh", ["-c", script], { encoding: "utf8" });
    expect(shown).toBe(`/srv/it's\n/opt/elpis/bin.js\nrun\n/srv/my shop/100%$HOME.ts\n`);
  });

  test("any word comes back unchanged", () => {
    for (const word of ["a b", "it's", '"$(x)"', "\\n", "`id`", ""]) {
      const command = `printf %s ${shellQuoted(word)}`;
      expect(execFileSync("/bin/sh", ["-c", command], { encoding: "utf8" })).toBe(word);
    }
  });
});

test("each platform has its place for the file", () => {
  const env = { XDG_CONFIG_HOME: "/cfg" };
  expect(unitFile("systemd", "system", "shop", env)).toBe("/etc/systemd/system/elpis-shop.service");
  expect(unitFile("systemd", "user", "shop", env)).toBe("/cfg/systemd/user/elpis-shop.service");
  expect(unitFile("launchd", "system", "shop", env)).toContain("/Library/LaunchDaemons/");
  expect(unitFile("openrc", "system", "shop", env)).toBe("/etc/init.d/elpis-shop");
});
