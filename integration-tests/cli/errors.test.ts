import { writeFileSync } from "node:fs";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ROOT } from "../docs/blocks.ts";
import { ElpisHome } from "../support/elpis.ts";
import { ask } from "../support/http.ts";
import { freePort } from "../support/port.ts";
import { until } from "../support/wait.ts";

interface Item {
  readonly time: number;
  readonly process: string;
  readonly index: number;
  readonly pid: number;
  readonly origin: string;
  readonly errType: string;
  readonly message: string;
}

/** An app that says `message` as an error, `times` times, when it is asked for `/message/times`. */
async function started(plugins: string) {
  const home = await ElpisHome.create();
  onTestFinished(() => home.remove());
  const port = await freePort();
  await symlink(join(ROOT, "node_modules"), join(home.dir, "node_modules"));
  const files = {
    "elpis.config.mjs": `import { admin } from "@elpis/admin";
      export default { name: "shop", plugins: [${plugins}],
        processes: { web: { entry: "./web.mjs", ready: "listen", env: { PORT: "${port}" } } } };`,
    "web.mjs": `import { createServer } from "node:http";
      createServer((request, response) => {
        const [, message, times] = request.url.split("/");
        for (let at = 0; at < Number(times); at += 1) console.error(message, new TypeError("no route"));
        response.end(String(process.pid));
      }).listen(Number(process.env.PORT), "127.0.0.1");`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(home.dir, name), text);
  expect((await home.run(["start"])).code).toBe(0);
  const err = (message: string, times = 1) => ask(`http://127.0.0.1:${port}/${message}/${times}`);
  return { home, err };
}

test("errors -f prints them as they come, each once, also when the app was away", async () => {
  const { home, err } = await started("admin()");
  const { text: pid } = await err("before");
  const follow = home.spawn(["errors", "shop", "-f", "--json"]);
  await follow.printed("before");
  await err("meanwhile");
  await follow.printed("meanwhile");
  const items = (): Item[] =>
    follow
      .stdout()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  const about = { process: "web", index: 0, origin: "console", errType: "TypeError" };
  expect(items()).toMatchObject([
    { ...about, pid: Number(pid), message: "before no route" },
    { ...about, pid: Number(pid), message: "meanwhile no route" },
  ]);

  // A process tells twenty in a second; that there were more is said with the next one.
  await err("many", 50);
  await until("the bound of a second to be over", async () => {
    await err("later");
    return /[1-9]\d more of web\.0 were too many/.test(follow.stderr());
  });

  expect((await home.run(["restart", "shop"])).code).toBe(0);
  await err("anew");
  await follow.printed("anew");
  expect((await home.run(["stop", "shop"])).code).toBe(0);
  await follow.printed("shop cannot be reached");
  expect((await home.run(["start"])).code).toBe(0);
  await follow.printed("shop is back");
  await err("again");
  await follow.printed("again");

  follow.child.kill("SIGINT");
  expect((await follow.finished).code).toBe(0);
  const once = items().filter(({ message }) => !/^(many|later)/.test(message));
  expect(once.map(({ message }) => message)).toEqual(
    ["before", "meanwhile", "anew", "again"].map((message) => `${message} no route`),
  );
  const keys = items().map((one) => JSON.stringify(one));
  expect(new Set(keys).size).toBe(keys.length);
});

test("errors -f -n 0 prints for people what comes, with stacks where asked", async () => {
  const { home, err } = await started("admin()");
  await err("before");
  const follow = home.spawn(["errors", "shop", "-f", "-n", "0", "--stack"]);
  // It is there when it hears the next one.
  await until("an error to be heard", async () => {
    await err("meanwhile");
    return follow.stdout().includes("meanwhile");
  });
  expect(follow.stdout()).toMatch(
    /^\S+Z web\.0\[\d+\] console TypeError: meanwhile no route\n {4}TypeError: no route\n {4}at /,
  );
  follow.child.kill("SIGTERM");
  expect((await follow.finished).code).toBe(0);
  expect(follow.stdout()).not.toContain("before");
});

test("errors -f says what is missing", async () => {
  const { home } = await started("");
  const { code, stderr } = await home.run(["errors", "shop", "-f"]);
  expect(code).toBe(2);
  expect(stderr).toContain('shop runs without the plugin "admin"');
});
